import { open, type FileHandle } from "node:fs/promises";
import { type ByteStream, type Cancellable, fromBytes, readFileStream } from "@cooper/archive";
import { packageInvalid } from "./fault.ts";

/** A member of an ar archive: where its content lies in the file, in bytes. */
export interface ArMember {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

/** An archive whose beginning is in memory: of a .deb that is all but the data. */
export interface ArArchive {
  readonly path: string;
  readonly members: readonly ArMember[];
  readonly head: Buffer;
}

const MAGIC = "!<arch>\n";
const HEADER_SIZE = 60;
/** A .deb has three; what signs one adds a few. */
const MAX_MEMBERS = 32;
const HEAD_SIZE = 64 * 1024;

/** The members of an ar archive, in order, without reading what is in large ones. `PACKAGE_INVALID` */
export async function openAr(path: string, label: string): Promise<ArArchive> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    const head = await bytesAt(file, 0, Math.min(HEAD_SIZE, size));
    if (head.toString("latin1", 0, MAGIC.length) !== MAGIC) {
      throw packageInvalid(label, "is no .deb: it does not begin as an ar archive does");
    }
    const members: ArMember[] = [];
    let position = MAGIC.length;
    while (position < size) {
      if (members.length === MAX_MEMBERS) throw packageInvalid(label, `has more than ${MAX_MEMBERS} members`);
      const end = position + HEADER_SIZE;
      // oxlint-disable-next-line no-await-in-loop
      const header =
        end <= head.length ? head.subarray(position, end) : await bytesAt(file, position, HEADER_SIZE);
      const member = parseHeader(header.toString("latin1"), position, label);
      if (member.offset + member.size > size) {
        throw packageInvalid(label, `is cut short, inside its member ${JSON.stringify(member.name)}`);
      }
      members.push(member);
      // Members begin at even offsets; what pads the last one may be missing.
      position = member.offset + member.size + (member.size % 2);
    }
    return { path, members, head };
  } finally {
    await file.close();
  }
}

/** What is in a member. */
export function readArMember(
  { path, head }: ArArchive,
  { offset, size }: ArMember,
  options: Cancellable,
): ByteStream {
  if (offset + size <= head.length) return fromBytes(head.subarray(offset, offset + size));
  return readFileStream(path, { ...options, offset, length: size });
}

/** Name, time, owner, group, mode, size and a magic number, in columns. */
function parseHeader(header: string, position: number, label: string): ArMember {
  if (header.length < HEADER_SIZE) throw packageInvalid(label, "is cut short, inside a member's header");
  const size = header.slice(48, 58).trim();
  if (header.slice(58) !== "`\n" || !/^\d{1,10}$/.test(size)) {
    throw packageInvalid(label, `is damaged: there is no ar header at byte ${position}`);
  }
  // GNU ar ends names with a slash.
  const name = header.slice(0, 16).trimEnd().replace(/\/$/, "");
  return { name, offset: position + HEADER_SIZE, size: Number(size) };
}

async function bytesAt(file: FileHandle, position: number, length: number): Promise<Buffer> {
  const { bytesRead, buffer } = await file.read(Buffer.allocUnsafeSlow(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
