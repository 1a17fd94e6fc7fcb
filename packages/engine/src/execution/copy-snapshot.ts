import { spawn } from "node:child_process";
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join, posix } from "node:path";
import { type Cancellable, fromReadable, readTar, type TarInput } from "@cooper/archive";
import { type Layer, makeImage, type Platform } from "@cooper/oci";
import { EngineError } from "../errors.ts";
import { Patterns } from "../files/patterns.ts";
import type { CopyOperation, PathCopy } from "../graph/operation.ts";
import { privilege } from "../run/namespace.ts";
import { unpackStack } from "../run/unpack-stack.ts";
import { findInLayers } from "../snapshot/view.ts";
import { asidePath } from "../run/asides.ts";
import { below, clean, modeOf } from "./copy-local.ts";

interface CopyContext extends Cancellable {
  readonly home: string;
  readonly platform: Platform;
  readonly epoch: number;
}

/**
 * The members of a layer of files of other layers, as a container would see those: an overlay of them
 * is mounted for a tar that reads what is copied. `SOURCE_MISSING`, `OVERLAY_FAILED`
 */
export async function* copySnapshot(
  operation: CopyOperation,
  layers: readonly Layer[],
  context: CopyContext,
): AsyncGenerator<TarInput> {
  const power = privilege();
  const image = makeImage({ config: { ...context.platform }, layers });
  const unpacked = await unpackStack(image, { home: context.home, signal: context.signal });
  const directory = asidePath(join(context.home, "build"));
  try {
    mkdirSync(directory);
    for (const name of ["empty", "merged"]) mkdirSync(join(directory, name));
    const lowers = unpacked.directories.map((path, place) => {
      symlinkSync(path, join(directory, String(place)));
      return String(place);
    });
    const flags = power === "root" ? "" : ",userxattr";
    const mount = `mount -t overlay overlay -o lowerdir=${[...lowers, "empty"].join(":")}${flags} merged`;
    for (const copy of operation.copies) {
      if (findInLayers(unpacked.directories, copy.source) === undefined) throw missing(copy);
      yield* membersOf(copy, directory, lowers.length === 0 ? "true" : mount, context);
    }
  } finally {
    rmSync(directory, { recursive: true, force: true });
    unpacked.close();
  }
}

async function* membersOf(
  copy: PathCopy,
  directory: string,
  mount: string,
  { epoch, signal }: CopyContext,
): AsyncGenerator<TarInput> {
  const source = clean(copy.source);
  const target = clean(copy.target);
  const include = copy.include === undefined ? undefined : new Patterns(copy.include);
  const exclude = new Patterns(copy.exclude ?? []);
  const script = `cd "$1" && ${mount} && shift && exec tar --format=pax --numeric-owner --sort=name --xattrs "--xattrs-include=*" -C merged -cf - -- "$@"`;
  const child = spawn(
    "unshare",
    [
      "--mount",
      "--propagation",
      "private",
      "--",
      "sh",
      "-c",
      script,
      "sh",
      directory,
      source === "" ? "." : source,
    ],
    { stdio: ["ignore", "pipe", "pipe"], signal },
  );
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => (errors = (errors + text).slice(-2000)));
  const status = new Promise<number>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve(code ?? 128));
  });
  status.catch(() => {}); // it is awaited below
  for await (const member of readTar(fromReadable(child.stdout), { signal })) {
    const path = below(source, clean(member.path));
    if (path === undefined) continue;
    if (path !== "" && ((include !== undefined && !include.has(path)) || exclude.has(path))) continue;
    const placed = posix.join(target, path);
    if (placed === "." || placed === "") continue;
    const linked = member.type === "hardlink" ? below(source, clean(member.linkPath)) : undefined;
    yield {
      ...member,
      path: placed,
      ...copy.owner,
      ...(member.mode === undefined || member.type === "symlink" ? {} : { mode: modeOf(copy, member.mode) }),
      // Of a hard link the first name was copied before, since the same tar has both.
      linkPath: linked === undefined ? member.linkPath : posix.join(target, linked),
      mtime: member.mtime.seconds > epoch ? { seconds: epoch, nanoseconds: 0 } : member.mtime,
      userName: "",
      groupName: "",
      content: member.content,
    };
  }
  const code = await status;
  if (code === 0) return;
  throw new EngineError("OVERLAY_FAILED", `cannot read ${copy.source} of the layers: ${errors.trim()}`, {
    fields: { path: copy.source },
  });
}

function missing({ source }: PathCopy): EngineError {
  return new EngineError("SOURCE_MISSING", `the step that ${source} is copied from does not have it`, {
    fields: { path: source },
  });
}
