/**
 * Compiles the deflate of `@cooper/archive` and writes it into the source, where every way to run or
 * bundle Cooper finds it:
 *
 *     node scripts/deflate.ts
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { main as compile } from "assemblyscript/asc";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const TARGET = "packages/archive/src/compression/deflate/module.ts";

/** The text of the source file with the module, as the compiler makes it now. */
export async function compiled(): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "cooper-deflate-"));
  try {
    const output = join(directory, "deflate.wasm");
    const options = "-O3 --converge --noAssert --runtime stub --initialMemory 48".split(" ");
    const place = ["--baseDir", ROOT, "--outFile", output];
    const { error } = await compile(["packages/archive/deflate/deflate.ts", ...place, ...options]);
    if (error !== null) throw error;
    return sourceOf(readFileSync(output).toString("base64"));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function sourceOf(base64: string): string {
  const lines = base64.match(/.{1,104}/g) ?? [];
  return `// Made by scripts/deflate.ts from packages/archive/deflate: change it there.
/** WebAssembly in base64. */
export const DEFLATE_MODULE = \`
${lines.join("\n")}
\`;
`;
}

if (import.meta.main) writeFileSync(join(ROOT, TARGET), await compiled());
