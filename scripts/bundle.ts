// Bundles the command into packages/cli/dist/bundle, straight from the TypeScript sources: ESM, a
// chunk for each command and for what several share, so that a run loads only what it needs.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";
import type { Plugin } from "esbuild";

const root = join(import.meta.dirname, "..");
const cli = join(root, "packages/cli");
const outdir = join(cli, "dist/bundle");
const { version }: { readonly version: string } = JSON.parse(readFileSync(join(cli, "package.json"), "utf8"));

/** zod's messages in fifty languages are a third of the bundle, and Cooper speaks one. */
const englishOnly: Plugin = {
  name: "english-only",
  setup(builder) {
    builder.onResolve({ filter: /locales\/index\.js$/ }, ({ resolveDir }) => ({
      path: join(resolveDir, "../locales/en.js"),
      namespace: "english-only",
    }));
    builder.onLoad({ filter: /.*/, namespace: "english-only" }, ({ path }) => ({
      contents: `export { default as en } from ${JSON.stringify(path)};`,
      resolveDir: dirname(path),
    }));
  },
};

/**
 * Lets `import { a } from "@cooper/x"` name the file that has `a`. To esbuild, who imports the index
 * reaches all that it exports, so every command would load the chunk with undici in it.
 */
const directImports: Plugin = {
  name: "direct-imports",
  setup(builder) {
    builder.onLoad({ filter: /\/packages\/[a-z]+\/src\/.*\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, "utf8").replace(
        /^import \{([^}]*)\} from "@cooper\/([a-z]+)";$/gm,
        (_statement, names: string, name: string) =>
          importDirectly(names, join(root, "packages", name, "src")),
      ),
      loader: "ts",
    }));
  },
};

function importDirectly(names: string, source: string): string {
  const exported = exportsOf(source);
  return names
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "" && !name.startsWith("type "))
    .map((name) => {
      const [outer = name, local = outer] = name.split(" as ");
      const found = exported.get(outer);
      if (found === undefined) throw new Error(`${source}/index.ts does not export ${outer}`);
      return `import { ${found.name} as ${local} } from ${JSON.stringify(join(source, found.file))};`;
    })
    .join("");
}

/** Where each name comes from that an index exports, and what it is called there. */
function exportsOf(source: string): ReadonlyMap<string, { readonly file: string; readonly name: string }> {
  const index = readFileSync(join(source, "index.ts"), "utf8");
  const statements = index.matchAll(/^export \{([^}]*)\} from "\.\/([^"]+)";$/gm);
  return new Map(
    [...statements].flatMap(([, names = "", file = ""]) =>
      names.split(",").map((text) => {
        const [name = "", outer = name] = text.trim().split(" as ");
        return [outer, { file, name }] as const;
      }),
    ),
  );
}

const { outputFiles } = await build({
  entryPoints: {
    main: join(cli, "src/main.ts"),
    "container-init": join(root, "packages/engine/src/runtime/namespaces/init.ts"),
  },
  outdir,
  write: false,
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "node",
  target: "node24",
  conditions: ["@cooper/source"],
  // What CycloneDX's library writes XML with; Cooper writes JSON, and the library does without.
  external: ["koffi", "xmlbuilder2"],
  minify: true,
  keepNames: true, // an error's name is its class's
  chunkNames: "chunk/[name]-[hash]",
  plugins: [englishOnly, directImports],
  define: {
    COOPER_VERSION: JSON.stringify(version),
    // Who starts it is in a chunk.
    COOPER_CONTAINER_INIT: JSON.stringify("../container-init.js"),
  },
  logLevel: "warning",
});

/** CommonJS packages ask for Node's own modules with `require`, which an ESM bundle does not have. */
const REQUIRE = `import{createRequire}from"node:module";const require=createRequire(import.meta.url);`;

rmSync(outdir, { recursive: true, force: true });
mkdirSync(join(outdir, "chunk"), { recursive: true });
for (const { path, text } of outputFiles) {
  // esbuild's helper stands by itself, and only who uses it needs require: the first file stays small.
  writeFileSync(path, /\brequire\b/.test(text) ? REQUIRE + text : text);
}
