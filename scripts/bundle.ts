// Bundles the command into packages/cli/dist/bundle, or the directory that is named, straight from the
// TypeScript sources. Starting is most of the time of most commands (docs/architecture.md, "How it starts"):
// CommonJS, in which a module runs when it is first asked for, and one file for all of Cooper, since each
// further one costs half a millisecond; only large libraries that few commands use have files of their own.
// Beside them lies what V8 compiled of them (scripts/compiled).
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { build } from "esbuild";
import type { BuildOptions, Plugin } from "esbuild";
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

const CYCLONEDX = "@cyclonedx/cyclonedx-library/";
const CYCLONEDX_PARTS = ["Enums", "Models", "Serialize", "Spec"];

/** What is read from a file of its own, when it is needed, and what the file exports. */
const OWN_FILES = {
  app: undefined,
  openpgp: `export * from "openpgp";`,
  undici: `module.exports = require("undici");`,
  cyclonedx: `module.exports = { ${CYCLONEDX_PARTS.map((part) => `${part}: require("${CYCLONEDX}${part}")`).join(", ")} };`,
};

const ownFiles: Plugin = {
  name: "own-files",
  setup(builder) {
    const exports = new Map([
      ["./app.ts", `require("./app.cjs")`],
      ["openpgp", `require("./openpgp.cjs")`],
      ["undici", `require("./undici.cjs")`],
      ...CYCLONEDX_PARTS.map((part) => [CYCLONEDX + part, `require("./cyclonedx.cjs").${part}`] as const),
    ]);
    builder.onResolve({ filter: /.*/ }, ({ path, kind }) =>
      kind !== "entry-point" && exports.has(path) ? { path, namespace: "own-file" } : undefined,
    );
    // `require` is that of packages/cli/src/compiled.ts.
    builder.onLoad({ filter: /.*/, namespace: "own-file" }, ({ path }) => ({
      contents: `module.exports = ${exports.get(path)};`,
    }));
    builder.onResolve({ filter: /\.cjs$/, namespace: "own-file" }, ({ path }) => ({ path, external: true }));
  },
};

/** Imported by modules that most runs load and do not use: loaded when something of it is used. */
const SELDOM = /^(node:(child_process|dns|https?|http2|net|tls|worker_threads)|saxes|yaml)$/;

const seldom: Plugin = {
  name: "seldom",
  setup(builder) {
    builder.onResolve({ filter: SELDOM }, ({ path, kind, importer }) =>
      kind === "import-statement" && importer.startsWith(join(root, "packages"))
        ? { path, namespace: "seldom" }
        : undefined,
    );
    builder.onLoad({ filter: /.*/, namespace: "seldom" }, ({ path }) => ({
      contents: `
        let loaded;
        for (const name of ${JSON.stringify(Object.keys(createRequire(join(root, "packages/build/"))(path)))})
          Object.defineProperty(exports, name, { enumerable: true, get: () => (loaded ??= require("${path}"))[name] });`,
      resolveDir: join(root, "packages/build"),
    }));
  },
};

const shared: BuildOptions = {
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
  legalComments: "external",
  logLevel: "warning",
};

/** What modules know of themselves, and CommonJS does not; openpgp asks, too. */
const IMPORT_META_URL = `const importMetaUrl=require("node:url").pathToFileURL(__filename).href;`;
const META = {
  "import.meta.url": "importMetaUrl",
  "import.meta.dirname": "__dirname",
  "import.meta.filename": "__filename",
};

async function bundle(entryPoints: Readonly<Record<string, string>>, files: unknown): Promise<void> {
  await build({
    ...shared,
    entryPoints: { ...entryPoints },
    plugins: [englishOnly, directImports, ownFiles, seldom],
    // As in the modules that it was.
    banner: { js: `"use strict";${IMPORT_META_URL}` },
    define: {
      ...META,
      COOPER_VERSION: JSON.stringify(version),
      COOPER_COMMANDS: JSON.stringify(Object.values(COMMANDS).flatMap((group) => Object.keys(group))),
      COOPER_FILES: JSON.stringify(files),
      COOPER_CONTAINER_INIT: JSON.stringify("./container-init.cjs"),
    },
  });
}

/** A library keeps its names: CycloneDX's sorts by those of its classes. */
async function bundleLibrary(name: string, contents: string): Promise<void> {
  await build({
    ...shared,
    stdin: { contents, resolveDir: join(root, "packages/distro"), sourcefile: `${name}.js` },
    entryNames: name,
    keepNames: true,
    banner: { js: IMPORT_META_URL },
    define: META,
  });
}

/** A file's digest. Throws where a letter of it is more than a byte, in the file and in memory. */
function digestOfAscii(name: string): string {
  const text = readFileSync(join(outdir, `${name}.cjs`), "utf8");
  const [odd] = /[^\0-\x7f]/.exec(text) ?? [];
  if (odd !== undefined) throw new Error(`${name}.cjs has ${odd}: write it as an escape or an entity`);
  return createHash("sha256").update(text).digest("hex").slice(0, 16);
}

rmSync(outdir, { recursive: true, force: true });
mkdirSync(outdir, { recursive: true });
await bundle({ app: join(cli, "src/app.ts") }, []);
for (const [name, contents] of Object.entries(OWN_FILES)) {
  if (contents !== undefined) await bundleLibrary(name, contents);
}
const files = Object.keys(OWN_FILES).map((name) => [name, digestOfAscii(name)]);
await bundle(
  {
    main: join(cli, "src/main.ts"),
    "container-init": join(root, "packages/engine/src/runtime/namespaces/init.ts"),
  },
  files,
);
const ship = [join(import.meta.dirname, "compiled/ship.ts"), outdir, JSON.stringify(files)];
execFileSync(process.execPath, ["--conditions=@cooper/source", ...ship], { stdio: "inherit" });
