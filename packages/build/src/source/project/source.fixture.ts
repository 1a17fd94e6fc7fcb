import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { TestContext } from "node:test";
import { temporaryDirectory } from "@cooper/test";
import { openSource, type Source } from "./source.ts";

/** A source of these files, by path. */
export async function sourceOf(t: TestContext, files: Readonly<Record<string, string>>): Promise<Source> {
  const directory = temporaryDirectory(t);
  const root = join(directory, "source");
  mkdirSync(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return await openSource(root, join(directory, "home"));
}

const EXAMPLES = resolve(import.meta.dirname, "../../../../../examples");

/** The source of an example of this house. */
export async function exampleOf(t: TestContext, name: string): Promise<Source> {
  return await openSource(join(EXAMPLES, name), temporaryDirectory(t));
}
