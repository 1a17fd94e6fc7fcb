import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync, type Stats } from "node:fs";
import { join } from "node:path";

/** A file or directory as `lib/apk/db/installed` has it. */
interface Recorded {
  /** `uid:gid:mode`, without the checksum of attributes; of a directory one for each package that has it. */
  readonly access: string[];
  checksum?: string;
}

/**
 * What `apk audit --full --check-permissions` would complain of in an image that was unpacked to a disk: `U`
 * for what has another content, `M` for other owners or another mode, `X` for what is missing, `A` for what no
 * package has. It shares no code with what wrote the database.
 */
export function auditRoot(root: string): readonly string[] {
  const recorded = readInstalled(readFileSync(join(root, "lib/apk/db/installed"), "utf8"));
  const complaints: string[] = [];
  for (const [path, { access, checksum }] of recorded) {
    const status = lstatSync(join(root, path), { throwIfNoEntry: false });
    if (status === undefined) complaints.push(`X ${path}`);
    else if (checksum !== undefined && checksum !== checksumOf(join(root, path), status)) {
      complaints.push(`U ${path}`);
    } else if (!status.isSymbolicLink() && !access.includes(accessOf(status))) complaints.push(`M ${path}`);
  }
  for (const entry of walk(root, "")) {
    if (!recorded.has(entry) && !/^(?:etc|etc\/apk\/?.*|lib|lib\/apk\/?.*)$/u.test(entry)) {
      complaints.push(`A ${entry}`);
    }
  }
  return complaints;
}

/** All paths below a directory; links lead out of the image, and are not followed. */
function walk(root: string, at: string): readonly string[] {
  return readdirSync(join(root, at), { withFileTypes: true }).flatMap((entry) => {
    const path = join(at, entry.name);
    return entry.isDirectory() ? [path, ...walk(root, path)] : [path];
  });
}

function readInstalled(text: string): ReadonlyMap<string, Recorded> {
  const found = new Map<string, Recorded>();
  let directory = "";
  let current: Recorded = { access: [] };
  for (const line of text.split("\n")) {
    const value = line.slice(2);
    if (line.startsWith("F:")) {
      directory = value;
      current = found.get(directory) ?? { access: [] };
      current.access.push("0:0:755");
      if (directory !== "") found.set(directory, current);
    } else if (line.startsWith("R:")) {
      current = { access: ["0:0:644"] };
      found.set(directory === "" ? value : `${directory}/${value}`, current);
    } else if (/^[Ma]:/u.test(line)) current.access.splice(-1, 1, value.split(":").slice(0, 3).join(":"));
    else if (line.startsWith("Z:")) current.checksum = value;
  }
  return found;
}

function accessOf({ uid, gid, mode }: Stats): string {
  return `${uid}:${gid}:${(mode & 0o7777).toString(8)}`;
}

function checksumOf(path: string, status: Stats): string {
  const bytes = status.isSymbolicLink() ? Buffer.from(readlinkSync(path)) : readFileSync(path);
  return `Q1${createHash("sha1").update(bytes).digest("base64")}`;
}
