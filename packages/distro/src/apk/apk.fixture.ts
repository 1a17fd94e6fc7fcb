import { join } from "node:path";
import type { TestContext } from "node:test";
import { readTar, type TarMember } from "@cooper/archive";
import type { Platform } from "@cooper/oci";
import {
  type ApkSigner,
  type MadeApk,
  makeApkSigner,
  temporaryDirectory,
  writeApkRepository,
} from "@cooper/test";
import { type ContextOptions, openContext, type OpenContext } from "../ecosystem/open-context.ts";
import type { Solution } from "../ecosystem/solution.ts";
import { imageOfPackages } from "../image/package-image.ts";
import { apk } from "./apk.ts";

export const AMD64: Platform = { os: "linux", architecture: "amd64" };
export const ARM64: Platform = { os: "linux", architecture: "arm64" };

let signer: ApkSigner | undefined;
/** One key for all tests of a file: making one takes its time. */
export function testSigner(): ApkSigner {
  return (signer ??= makeApkSigner());
}

export async function testContext(t: TestContext, options: ContextOptions = {}): Promise<OpenContext> {
  const context = await openContext({
    environment: {},
    hostRoot: temporaryDirectory(t),
    cache: { directory: temporaryDirectory(t) },
    ...options,
  });
  t.after(async () => await context.close());
  return context;
}

/** A signed repository of these packages, and a context that knows it. */
export async function repositoryOf(
  t: TestContext,
  packages: readonly MadeApk[],
  options: ContextOptions = {},
): Promise<{ readonly context: OpenContext; readonly directory: string }> {
  const directory = join(temporaryDirectory(t), "repo");
  writeApkRepository(directory, packages, { signer: testSigner() });
  const context = await testContext(t, {
    repositories: [directory],
    keyrings: [join(directory, testSigner().name)],
    ...options,
  });
  return { context, directory };
}

export async function solveFor(
  context: OpenContext,
  packages: readonly string[],
  platform: Platform = AMD64,
): Promise<Solution> {
  return await apk.solve({ packages }, platform, context);
}

export interface RootMember extends TarMember {
  readonly text: string;
}

/** What a container of the image would see, by path. */
export async function rootOf(
  solution: Solution,
  context: OpenContext,
): Promise<ReadonlyMap<string, RootMember>> {
  const image = imageOfPackages([solution], context, { strategy: "per-package" });
  if (image.kind !== "image") throw new Error("one platform makes an image");
  const members = new Map<string, RootMember>();
  for (const layer of await image.layers()) {
    for await (const member of readTar(layer.tar())) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of member.content()) chunks.push(chunk);
      members.set(member.path, { ...member, text: Buffer.concat(chunks).toString("utf8") });
    }
  }
  return members;
}

export async function failure(work: () => Promise<unknown>): Promise<string> {
  try {
    await work();
    return "no failure";
  } catch (error) {
    return error instanceof Error && "code" in error
      ? `${String(error.code)}: ${error.message}`
      : String(error);
  }
}
