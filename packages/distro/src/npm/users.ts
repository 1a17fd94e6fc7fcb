import { collect, type TarInput } from "@cooper/archive";

/** Who runs in the image: nobody that owns a file of it. */
export const USER = { name: "nonroot", id: 65_532, home: "home/nonroot" } as const;

/** The files that name users and groups, by path, with the line of `USER` and what there is without a base. */
export const USER_FILES: ReadonlyMap<string, UserFile> = new Map([
  [
    "etc/passwd",
    {
      line: `${USER.name}:x:${USER.id}:${USER.id}:${USER.name}:/${USER.home}:/usr/sbin/nologin`,
      before:
        "root:x:0:0:root:/root:/usr/sbin/nologin\nnobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin\n",
    },
  ],
  ["etc/group", { line: `${USER.name}:x:${USER.id}:`, before: "root:x:0:\nnogroup:x:65534:\n" }],
]);

export interface UserFile {
  readonly line: string;
  readonly before: string;
}

/** Bytes of such a file that the base has. */
const LIMIT = 2 ** 20;

/** The base's file with the user in it. */
export async function withUser(member: TarInput, file: UserFile): Promise<TarInput> {
  const content = member.bytes ?? member.content?.() ?? Buffer.alloc(0);
  const bytes = content instanceof Uint8Array ? content : await collect(content, { limit: LIMIT });
  const text = Buffer.from(bytes).toString("utf8");
  const { content: _, size: __, ...rest } = member;
  return { ...rest, bytes: Buffer.from(withLine(text, file.line)) };
}

/** The file where the base has none. */
export function userFile(path: string, { line, before }: UserFile): TarInput {
  return { path, type: "file", mode: 0o644, bytes: Buffer.from(withLine(before, line)) };
}

function withLine(text: string, line: string): string {
  return `${text}${text === "" || text.endsWith("\n") ? "" : "\n"}${line}\n`;
}
