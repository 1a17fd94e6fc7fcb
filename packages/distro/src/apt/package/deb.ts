import {
  type ByteStream,
  type Cancellable,
  collect,
  decompress,
  type Limits,
  readTar,
  type TarMember,
} from "@cooper/archive";
import type { MemberOptions } from "../../ecosystem/ecosystem.ts";
import { type ArArchive, type ArMember, openAr, readArMember } from "./ar.ts";
import { inPackage, packageInvalid } from "./fault.ts";

/** A binary package, deb(5): which file, and what it is called in errors. */
export interface DebFile {
  readonly path: string;
  /** `curl 7.88.1-10` */
  readonly label: string;
}

/** What `control.tar` has, by name; the bytes as Latin-1, so that none is lost. */
export type ControlMembers = ReadonlyMap<string, string>;

/** Bytes that all of `control.tar` may have: the largest of Debian's has 3 MiB. */
const MAX_CONTROL_BYTES = 32 * 2 ** 20;
/** What `data.tar` may have when it is decompressed: of Debian's 63,000 packages none gives 250 bytes for one. */
const DATA_LIMITS: Partial<Limits> = {
  maxBytes: 16 * 2 ** 30,
  maxRatio: 500,
  ratioFloor: 64 * 2 ** 20,
};

const COMPRESSIONS = ["", ".gz", ".xz", ".zst", ".bz2", ".lzma"];

/** Its control files. `PACKAGE_INVALID` */
export async function readControl(file: DebFile, options: Cancellable = {}): Promise<ControlMembers> {
  const { archive, control } = await openDeb(file, options);
  const members = new Map<string, string>();
  try {
    const tar = decompressed(archive, control, { maxBytes: MAX_CONTROL_BYTES }, options);
    for await (const member of readTar(tar, { ...options, limits: { maxEntries: 1000 } })) {
      const name = member.path.replace(/^(\.\/+)+/, "");
      if (member.type === "directory" && (name === "." || name === "")) continue;
      if (member.type !== "file" || !/^[A-Za-z0-9][A-Za-z0-9_.+-]*$/.test(name)) {
        throw packageInvalid(
          file.label,
          `has ${JSON.stringify(member.path)} among its control files, which is no plain file`,
          member.path,
        );
      }
      members.set(name, (await collect(member.content(), { limit: MAX_CONTROL_BYTES })).toString("latin1"));
    }
  } catch (error) {
    throw inPackage(file.label, error);
  }
  if (!members.has("control")) throw packageInvalid(file.label, "has no file named control");
  return members;
}

/** The members of `data.tar`, as they stand there: nothing about their names is checked. `PACKAGE_INVALID` */
export async function* readData(
  file: DebFile,
  options: MemberOptions = {},
): AsyncGenerator<TarMember, void, undefined> {
  const { archive, data } = await openDeb(file, options);
  try {
    for await (const member of readTar(decompressed(archive, data, DATA_LIMITS, options), options)) {
      yield member.bytes === undefined ? withNamedFaults(member, file.label) : member;
    }
  } catch (error) {
    throw inPackage(file.label, error);
  }
}

/** What goes wrong within a content comes to whoever reads that, and not back to whoever gives members. */
function withNamedFaults(member: TarMember, label: string): TarMember {
  return {
    ...member,
    async *content() {
      try {
        yield* member.content();
      } catch (error) {
        throw inPackage(label, error);
      }
    },
  };
}

interface DebMembers {
  readonly archive: ArArchive;
  readonly control: ArMember;
  readonly data: ArMember;
}

/** deb(5): `debian-binary`, control, data, in this order; what begins with `_` may stand between. */
async function openDeb(file: DebFile, options: Cancellable): Promise<DebMembers> {
  const archive = await openAr(file.path, file.label);
  const [format, control, data] = archive.members.filter(({ name }, at) => at === 0 || !name.startsWith("_"));
  if (format?.name !== "debian-binary") {
    throw packageInvalid(file.label, "is no .deb: its first member is not debian-binary");
  }
  const version = (await collect(readArMember(archive, format, options), { limit: 1024 })).toString("latin1");
  if (!/^2\.\d+\n/.test(version)) {
    throw packageInvalid(
      file.label,
      `has the format ${JSON.stringify(version.slice(0, 20).trim())}, and only 2.0 is known`,
    );
  }
  return {
    archive,
    control: expectMember(file, control, "control.tar"),
    data: expectMember(file, data, "data.tar"),
  };
}

function expectMember(file: DebFile, member: ArMember | undefined, name: string): ArMember {
  if (member === undefined) throw packageInvalid(file.label, `has no member ${name}`);
  if (!member.name.startsWith(name)) {
    throw packageInvalid(
      file.label,
      `has the member ${JSON.stringify(member.name)} where ${name} belongs`,
      member.name,
    );
  }
  if (!COMPRESSIONS.includes(member.name.slice(name.length))) {
    throw packageInvalid(
      file.label,
      `has a member ${member.name}, a compression that is not read`,
      member.name,
    );
  }
  return member;
}

function decompressed(
  archive: ArArchive,
  member: ArMember,
  limits: Partial<Limits>,
  options: Cancellable,
): ByteStream {
  return decompress(readArMember(archive, member, options), { ...options, limits });
}
