import { open, type FileHandle } from "node:fs/promises";
import { packageInvalid } from "./fault.ts";

/** A member of an ar archive: where its content lies in the file, in bytes. */
export interface ArMember {
  readonly name: string;
  readonly offset: number;
  readonly size: number;
}

const MAGIC = "!<arch>\n";
const HEADER_SIZE = 60;
/** A .deb has three; what signs one adds a few. */
const MAX_MEMBERS = 32;

/** The members of an ar archive, in order, without reading what is in them. `PACKAGE_INVALID` */
export async function readArMembers(path: string, label: string): Promise<readonly ArMember[]> {
  const file = await open(path);
  try {
    const { size } = await file.stat();
    if ((await textAt(file, 0, MAGIC.length)) !== MAGIC) {
      throw packageInvalid(label, "is no .deb: it does not begin as an ar archive does");
    }
    const members: ArMember[] = [];
    let position = MAGIC.length;
    while (position < size) {
      if (members.length === MAX_MEMBERS) throw packageInvalid(label, `has more than ${MAX_MEMBERS} members`);
      const member = parseHeader(await textAt(file, position, HEADER_SIZE), position, label);
      if (member.offset + member.size > size) {
        throw packageInvalid(label, `is cut short, inside its member ${JSON.stringify(member.name)}`);
      }
      members.push(member);
      // Members begin at even offsets; what pads the last one may be missing.
      position = member.offset + member.size + (member.size % 2);
    }
    return members;
  } finally {
    await file.close();
  }
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

async function textAt(file: FileHandle, position: number, length: number): Promise<string> {
  const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, position);
  return buffer.toString("latin1", 0, bytesRead);
}
