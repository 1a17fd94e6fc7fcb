import { collect, compress, fromBytes, type TarInput, writeTar } from "@cooper/archive";

export interface DebParts {
  /** `control.tar`'s members besides `control`. */
  readonly control?: readonly TarInput[];
  /** Lines of `control`, each with its newline. */
  readonly fields?: string;
  readonly data?: readonly TarInput[];
  /** `data.tar` as it is to stand there, in place of `data`. */
  readonly dataTar?: Uint8Array;
  readonly dataName?: string;
  readonly format?: string;
}

const LIMIT = { limit: 2 ** 28 };

/** A .deb, well-formed or not: ar(5) with three members. */
export async function makeDeb(parts: DebParts = {}): Promise<Buffer> {
  const fields = parts.fields ?? "Package: sample\nVersion: 1.0\nArchitecture: amd64\nDescription: sample\n";
  const control = await tar([
    { path: "./control", type: "file", bytes: Buffer.from(fields) },
    ...(parts.control ?? []),
  ]);
  return makeAr([
    ["debian-binary", Buffer.from(parts.format ?? "2.0\n")],
    ["control.tar.gz", await collect(compress(fromBytes(control), { compression: "gzip" }), LIMIT)],
    [parts.dataName ?? "data.tar", parts.dataTar ?? (await tar(parts.data ?? []))],
  ]);
}

export async function tar(members: readonly TarInput[]): Promise<Buffer> {
  return await collect(writeTar(members), LIMIT);
}

export function makeAr(members: readonly (readonly [name: string, content: Uint8Array])[]): Buffer {
  const pieces: Uint8Array[] = [Buffer.from("!<arch>\n")];
  for (const [name, content] of members) {
    const size = String(content.length).padEnd(10);
    pieces.push(Buffer.from(`${name.padEnd(16)}${"0".padEnd(12)}0     0     100644  ${size}\`\n`), content);
    if (content.length % 2 === 1) pieces.push(Buffer.from("\n"));
  }
  return Buffer.concat(pieces);
}
