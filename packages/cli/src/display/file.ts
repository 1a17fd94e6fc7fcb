import { encodePath } from "@cooper/archive";
import type { EntryType, Timestamp } from "@cooper/archive";
import type { Descriptor, RootFile } from "@cooper/oci";
import { printable } from "./printable.ts";

/** `name`: the last part only; `path`: all of it, from the root. */
export type NameForm = "name" | "path";

/** The name's own bytes: for programs. */
export function rawPath(file: RootFile, form: NameForm): Buffer {
  return encodePath(nameOf(file, form));
}

/** A row of `ls`: layer, mode, links to owner, size, time and name. */
export function describeFile(
  file: RootFile,
  show: { readonly name: NameForm; readonly columns: readonly ("layer" | "long")[] },
): readonly string[] {
  const name = printable(nameOf(file, show.name));
  const columns = show.columns.flatMap((column) =>
    column === "layer"
      ? [String(file.layer)]
      : [modeText(file), `${file.uid}:${file.gid}`, sizeText(file), timeText(file.mtime)],
  );
  const arrow =
    file.type === "symlink" && show.columns.includes("long") ? ` -> ${printable(file.linkPath)}` : "";
  return [...columns, `${name}${arrow}`];
}

/** An entry as `cooper ls --json` prints it. */
export function fileAnswer(file: RootFile, layers: readonly Descriptor[]): object {
  const { type, mode, uid, gid, size, mtime, linkPath, layer } = file;
  return {
    path: nameOf(file, "path"),
    type,
    mode,
    uid,
    gid,
    size,
    mtime: isoTime(mtime),
    ...(linkPath === "" ? {} : { target: linkPath }),
    layer,
    layerDigest: layers[layer]?.digest ?? "",
  };
}

function nameOf({ path }: RootFile, form: NameForm): string {
  if (form === "path") return path === "." ? "/" : `/${path}`;
  return path.slice(path.lastIndexOf("/") + 1);
}

const TYPE_LETTERS: Readonly<Record<EntryType, string>> = {
  file: "-",
  hardlink: "-",
  directory: "d",
  symlink: "l",
  "character-device": "c",
  "block-device": "b",
  fifo: "p",
};

/** `drwxr-xr-x`, as ls(1) writes it. */
function modeText({ type, mode }: RootFile): string {
  const bits = [6, 3, 0].map((shift) => RIGHTS[(mode >> shift) & 7] ?? "---");
  const special = [0o4000, 0o2000, 0o1000];
  const rights = bits.map((text, i) => {
    if ((mode & (special[i] ?? 0)) === 0) return text;
    const letter = i === 2 ? "t" : "s";
    return text.slice(0, 2) + (text.endsWith("x") ? letter : letter.toUpperCase());
  });
  return TYPE_LETTERS[type] + rights.join("");
}

const RIGHTS = ["---", "--x", "-w-", "-wx", "r--", "r-x", "rw-", "rwx"];

function sizeText({ type, size, deviceMajor, deviceMinor }: RootFile): string {
  return type.endsWith("-device") ? `${deviceMajor}, ${deviceMinor}` : String(size);
}

function timeText(time: Timestamp): string {
  return isoTime(time).slice(0, 16).replace("T", " ");
}

/** RFC 3339, UTC; with nanoseconds where there are any. */
function isoTime({ seconds, nanoseconds }: Timestamp): string {
  const date = new Date(seconds * 1000);
  // Beyond what a Date can hold: a tar may say anything.
  if (Number.isNaN(date.getTime())) return `@${seconds}`;
  const whole = date.toISOString().replace(/\.000Z$/, "");
  return nanoseconds === 0 ? `${whole}Z` : `${whole}.${String(nanoseconds).padStart(9, "0")}Z`;
}
