// Bundles the command into packages/cli/dist/bundle, or the directory that is named, straight from the
// TypeScript sources. Starting is most of the time of most commands (docs/architecture.md, "How it starts"):
// CommonJS, in which a module runs when it is first asked for, and one file for all of Cooper, since each
// further one costs half a millisecond; only large libraries that few commands use have files of their own.
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { build } from "esbuild";
import type { Plugin } from "esbuild";
import { COMMANDS } from "../packages/cli/src/commands/table.ts";

const root = join(import.meta.dirname, "..");
const cli = join(root, "packages/cli");
const outdir = resolve(process.argv[2] ?? join(cli, "dist/bundle"));
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

/** What is imported when it is needed and is then read from a file of its own, by its name there. */
const OWN_FILES: ReadonlyMap<string, string> = new Map([
  ["./app.ts", "app"],
  ["openpgp", "openpgp"],
  ["undici", "undici"],
]);

const ownFiles: Plugin = {
  name: "own-files",
  setup(builder) {
    builder.onResolve({ filter: /.*/ }, ({ path, kind }) => {
      const name = kind === "dynamic-import" ? OWN_FILES.get(path) : undefined;
      return name === undefined ? undefined : { path: name, namespace: "own-file" };
    });
    // Its export is what the file exports; require, since Node has no second loader to start for it.
    builder.onLoad({ filter: /.*/, namespace: "own-file" }, ({ path }) => ({
      contents: `module.exports = require("./${path}.cjs");`,
    }));
    builder.onResolve({ filter: /\.cjs$/, namespace: "own-file" }, ({ path }) => ({ path, external: true }));
  },
};

rmSync(outdir, { recursive: true, force: true });
mkdirSync(outdir, { recursive: true });
await build({
  entryPoints: {
    main: join(cli, "src/main.ts"),
    app: join(cli, "src/app.ts"),
    "container-init": join(root, "packages/engine/src/runtime/namespaces/init.ts"),
    openpgp: "openpgp",
    undici: "undici",
  },
  outdir,
  outExtension: { ".js": ".cjs" },
  bundle: true,
  format: "cjs",
  platform: "node",
  target: "node24",
  conditions: ["@cooper/source"],
  // What CycloneDX's library writes XML with; Cooper writes JSON, and the library does without.
  external: ["koffi", "xmlbuilder2"],
  minify: true,
  keepNames: true, // an error's name is its class's
  plugins: [englishOnly, directImports, ownFiles],
  banner: { js: `const importMetaUrl=require("node:url").pathToFileURL(__filename).href;` },
  define: {
    COOPER_VERSION: JSON.stringify(version),
    COOPER_COMMANDS: JSON.stringify(Object.values(COMMANDS).flatMap((group) => Object.keys(group))),
    COOPER_CONTAINER_INIT: JSON.stringify("./container-init.cjs"),
    "import.meta.url": "importMetaUrl",
    "import.meta.dirname": "__dirname",
    "import.meta.filename": "__filename",
  },
  logLevel: "warning",
});
