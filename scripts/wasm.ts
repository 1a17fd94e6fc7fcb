/**
 * Compiles what of Cooper is WebAssembly, and writes it into the source, where every way to run or bundle
 * Cooper finds it:
 *
 *     node scripts/wasm.ts
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { main as compile } from "assemblyscript/asc";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const OPTIONS = ["-O3", "--converge", "--noAssert", "--runtime", "stub"];

/** A module that is written in AssemblyScript. Paths are below the root. */
export interface WasmModule {
  /** The file that exports what it offers. */
  readonly entry: string;
  readonly options: readonly string[];
  /** The source file with the module in base64, and how it is called there. */
  readonly target: string;
  readonly name: string;
}

export const WASM_MODULES: readonly WasmModule[] = [
  {
    entry: "packages/archive/deflate/deflate.ts",
    options: ["--initialMemory", "48"],
    target: "packages/archive/src/compression/deflate/module.ts",
    name: "DEFLATE_MODULE",
  },
  {
    entry: "packages/distro/apt-index/encode.ts",
    options: ["--enable", "simd"],
    target: "packages/distro/src/apt/index/module.ts",
    name: "ENCODE_MODULE",
  },
];

/** The text of the source file with the module, as the compiler makes it now. */
export async function compiled(module: WasmModule): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), "cooper-wasm-"));
  try {
    const output = join(directory, "module.wasm");
    const place = ["--baseDir", ROOT, "--outFile", output];
    const { error } = await compile([module.entry, ...place, ...OPTIONS, ...module.options]);
    if (error !== null) throw error;
    return sourceOf(module, readFileSync(output).toString("base64"));
  } finally {
    rmSync(directory, { recursive: true });
  }
}

function sourceOf({ entry, name }: WasmModule, base64: string): string {
  const lines = base64.match(/.{1,104}/g) ?? [];
  return `// Made by scripts/wasm.ts from ${dirname(entry)}: change it there.
/** WebAssembly in base64. */
export const ${name} = \`
${lines.join("\n")}
\`;
`;
}

if (import.meta.main) {
  for (const module of WASM_MODULES) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    writeFileSync(join(ROOT, module.target), await compiled(module));
  }
}
