// Bundles the command into packages/cli/dist/bundle, straight from the TypeScript sources: ESM, a
// chunk for each command and for what several share, so that a run loads only what it needs.
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");
const cli = join(root, "packages/cli");
const outdir = join(cli, "dist/bundle");
const { version }: { readonly version: string } = JSON.parse(readFileSync(join(cli, "package.json"), "utf8"));

rmSync(outdir, { recursive: true, force: true });
await build({
  entryPoints: [join(cli, "src/main.ts")],
  outdir,
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node24",
  conditions: ["@cooper/source"],
  external: ["koffi"],
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: true,
  chunkNames: "chunk/[name]-[hash]",
  assetNames: "[name]-[hash]",
  loader: { ".wasm": "file" },
  define: { COOPER_VERSION: JSON.stringify(version) },
  logLevel: "warning",
  // CommonJS packages inside an ESM bundle: what they expect of Node's module wrapper.
  banner: {
    js: `import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url),__filename=import.meta.filename,__dirname=import.meta.dirname;`,
  },
});
