import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { TestContext } from "node:test";
import { readFileStream } from "@cooper/archive";
import { type ApkIndex, readIndex } from "./index/index-file.ts";
import type { TrustedKeys } from "./index/signature.ts";

const DATA = resolve(import.meta.dirname, "../../../../../shared/data/apk");

/** A directory of real apk data beside the checkout, or a loud skip that names it. */
export function apkData(t: TestContext, name: string): string | undefined {
  const directory = join(DATA, name);
  if (existsSync(directory)) return directory;
  t.skip(`SKIPPED: the real apk data are missing: ${directory}`);
  return undefined;
}

export const ALPINE_KEY = "alpine-devel@lists.alpinelinux.org-6165ee59.rsa.pub";

export function keyIn(directory: string, name: string): TrustedKeys {
  return new Map([[name, readFileSync(join(directory, name))]]);
}

/** Alpine's own index of 3.16 main, its signature checked. */
export async function readAlpineIndex(directory: string): Promise<ApkIndex> {
  return await readIndex(readFileStream(join(directory, "APKINDEX.tar.gz")), {
    keys: keyIn(directory, ALPINE_KEY),
  });
}
