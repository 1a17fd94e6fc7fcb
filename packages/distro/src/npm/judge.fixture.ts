import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { promisify } from "node:util";
import { asBuffer, collect, type TarInput } from "@cooper/archive";
import { temporaryDirectory } from "@cooper/test";
import type { Context } from "../ecosystem/context.ts";
import type { Assembly } from "../ecosystem/ecosystem.ts";

/** A tree by path: of a file its mode and a hash, of a link where it leads. */
export type Tree = ReadonlyMap<string, string>;

const RECORDS = new Set(["package.json", "package-lock.json", "node_modules/.package-lock.json"]);

/** What Cooper has under `/app`. */
export async function treeOf(assembly: Assembly): Promise<Tree> {
  const tree = new Map<string, string>();
  const add = async (member: TarInput): Promise<void> => {
    const path = member.path.replace(/^app\//, "");
    if (path === member.path || RECORDS.has(path)) return;
    if (member.type === "symlink") tree.set(path, `link ${member.linkPath ?? ""}`);
    if (member.type === "file") tree.set(path, describe(member.mode ?? 0, await bytesOf(member)));
  };
  for (const content of assembly.packages) {
    // oxlint-disable-next-line no-await-in-loop
    for await (const member of content.members({})) await add(member);
  }
  for await (const member of (await assembly.whole({})).top({})) await add(member);
  return tree;
}

/** What `npm ci` makes of the package.json and package-lock.json that Cooper has there. */
export async function treeByNpm(
  t: TestContext,
  assembly: Assembly,
  { environment }: Pick<Context, "environment">,
  cpu: string,
): Promise<Tree> {
  const directory = temporaryDirectory(t);
  for await (const member of (await assembly.whole({})).top({})) {
    const path = member.path.replace(/^app\//, "");
    if (path !== member.path && RECORDS.has(path))
      writeFileSync(join(directory, path), await bytesOf(member));
  }
  const flags = ["--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund"];
  await promisify(execFile)("npm", ["ci", ...flags, "--os=linux", `--cpu=${cpu}`, "--libc=glibc"], {
    cwd: directory,
    env: { ...environment, PATH: `${dirname(process.execPath)}:${environment["PATH"] ?? ""}` },
  });
  const tree = new Map<string, string>();
  for (const path of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
    const status = lstatSync(join(directory, path));
    if (RECORDS.has(path) || status.isDirectory()) continue;
    const isLink = status.isSymbolicLink();
    tree.set(
      path,
      isLink
        ? `link ${readlinkSync(join(directory, path))}`
        : describe(status.mode & 0o7777, readFileSync(join(directory, path))),
    );
  }
  return tree;
}

function describe(mode: number, bytes: Uint8Array): string {
  return `${mode.toString(8)} ${createHash("sha256").update(bytes).digest("hex")}`;
}

async function bytesOf({ bytes, content }: TarInput): Promise<Buffer> {
  const given = bytes ?? content?.() ?? Buffer.alloc(0);
  return given instanceof Uint8Array ? asBuffer(given) : await collect(given, { limit: 2 ** 30 });
}
