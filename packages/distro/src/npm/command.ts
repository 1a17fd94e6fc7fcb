import { asBuffer, type Cancellable, discard, peek, type TarMember } from "@cooper/archive";
import { NODE } from "./content.ts";
import { readTarball, type Tarball } from "./tarball.ts";

/** Bytes of a file that tell what runs it. The kernel reads no more of a first line either. */
const HEAD = 256;

/**
 * How a command of a package is started: with Node in front where that runs it, since the image has
 * no `/usr/bin/env` to find one; by itself where it is a program of its own kind.
 */
export async function commandOf(
  file: { readonly path: string; readonly at: string },
  tarball: Tarball,
  options: Cancellable,
): Promise<readonly string[]> {
  const head = await readHead(file.path, tarball, options);
  const interpreter = /^#! *([^\n\r]*)/.exec(head)?.[1]?.trim().split(/\s+/);
  if (interpreter === undefined) return isProgram(head) ? [file.at] : [`/${NODE}`, file.at];
  const [program = "", ...rest] = interpreter;
  const words = program.endsWith("/env") ? rest.filter((word) => word !== "-S") : [program, ...rest];
  const [name = "", ...args] = words;
  return /(?:^|\/)node(?:js)?$/.test(name) ? [`/${NODE}`, ...args, file.at] : [file.at];
}

async function readHead(path: string, tarball: Tarball, options: Cancellable): Promise<string> {
  let head = "";
  for await (const { path: found, member } of readTarball(tarball, options)) {
    if (found !== path || member.type !== "file") continue;
    head = (await firstBytes(member)).toString("latin1");
  }
  return head;
}

async function firstBytes(member: TarMember): Promise<Buffer> {
  if (member.bytes !== undefined) return asBuffer(member.bytes.subarray(0, HEAD));
  const { head, stream } = await peek(member.content(), HEAD);
  await discard(stream);
  return head;
}

/** ELF, the kernel's own format (gABI, ELF header, `e_ident`). */
function isProgram(head: string): boolean {
  return head.startsWith("\x7fELF");
}
