import { type Cancellable, collect, type TarInput, writeTar } from "@cooper/archive";
import type { CheckedPackage } from "../package/fetch.ts";

/** All scripts together have at most the control parts they came from. */
const LIMIT = 2 ** 30;

/**
 * `scripts.tar`: every script of the packages, for the day when apk removes or upgrades them in a
 * container. Their names hold the package's checksum, as apk looks them up.
 */
export async function scriptsArchive(
  packages: readonly CheckedPackage[],
  options: Cancellable,
): Promise<Buffer> {
  return await collect(writeTar(scriptMembers(packages), options), { limit: LIMIT });
}

function* scriptMembers(packages: readonly CheckedPackage[]): Generator<TarInput, void, undefined> {
  for (const { label, solved, control } of packages) {
    for (const { kind, bytes } of control.scripts) {
      yield {
        path: `${label}.${solved.checksum}.${kind}`,
        type: "file",
        mode: 0o755,
        mtime: { seconds: control.info.buildDate, nanoseconds: 0 },
        bytes,
      };
    }
  }
}
