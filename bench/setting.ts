import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { FreshDisk } from "./fresh-disk.ts";
import type { Race } from "./race.ts";

/** A program beside this file. */
export type ProgramName = "pack-layer" | "unpack-layers" | "apt-index";

/** What every measurement is given. */
export interface Setting {
  /** The command as it is installed from the package: `bin/cooper` over a bundle that is made when first asked for. */
  readonly cooper: () => string;
  /** Node 24 and one of the programs beside this file, bundled as the command is. */
  readonly program: (name: ProgramName) => readonly string[];
  /** Trees and images that are made once. */
  readonly cache: string;
  /** Removed at the end; on the same disk as the cache. */
  readonly scratch: string;
  /** Where a run writes that is not to meet what others wrote or deleted: another directory each time. */
  readonly freshDirectory: () => string;
  /** How large a tree is. */
  readonly megabytes: number;
}

export interface Measurement {
  readonly name: string;
  readonly title: string;
  readonly races: (setting: Setting) => AsyncIterable<Race>;
}

const root = join(import.meta.dirname, "..");

export interface OwnedSetting extends Setting {
  readonly disk: FreshDisk;
  readonly remove: () => void;
}

export function makeSetting(megabytes: number): OwnedSetting {
  const cache = join(root, ".cache/bench");
  mkdirSync(cache, { recursive: true });
  const scratch = mkdtempSync(join(cache, "run-"));
  const disk = new FreshDisk(scratch);
  let cooper: string | undefined;
  return {
    cooper: () => (cooper ??= installCooper(join(scratch, "cooper"))),
    program: (name) => bundleProgram(name, join(scratch, "programs")),
    cache,
    scratch,
    freshDirectory: disk.directory,
    disk,
    megabytes,
    remove: () => {
      disk.remove();
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}

function installCooper(folder: string): string {
  execFileSync(process.execPath, [join(root, "scripts/bundle.ts")], { stdio: "inherit" });
  const cli = join(root, "packages/cli");
  // Without src: then bin/cooper starts the bundle, as it does where npm has installed it.
  for (const path of ["bin", "dist/bundle", "package.json"]) {
    cpSync(join(cli, path), join(folder, path), { recursive: true });
  }
  return join(folder, "bin/cooper");
}

function bundleProgram(name: ProgramName, outdir: string): readonly string[] {
  const bundle = join(outdir, `${name}.mjs`);
  if (existsSync(bundle)) return [process.execPath, bundle];
  buildSync({
    entryPoints: [join(import.meta.dirname, `${name}.ts`)],
    outdir,
    outExtension: { ".js": ".mjs" },
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node24",
    conditions: ["@cooper/source"],
    external: ["koffi"],
    assetNames: "[name]-[hash]",
    loader: { ".wasm": "file" },
    banner: {
      js: `import{createRequire as __cr}from"node:module";const require=__cr(import.meta.url);`,
    },
    logLevel: "warning",
  });
  return [process.execPath, bundle];
}

/** Whether the installed command knows a subcommand by now. */
export function hasCommand(name: string): boolean {
  return existsSync(join(root, `packages/cli/src/commands/${name}.ts`));
}

/** The bytes of the one layer of an image in a layout: its path. */
export function layerPath(layout: string): string {
  const [manifest] = readJson(join(layout, "index.json")).manifests ?? [];
  const [layer] = readJson(blobPath(layout, manifest?.digest ?? "")).layers ?? [];
  return blobPath(layout, layer?.digest ?? "");
}

function blobPath(layout: string, digest: string): string {
  return join(layout, "blobs", digest.replace(":", "/"));
}

interface Listing {
  readonly manifests?: readonly { readonly digest: string }[];
  readonly layers?: readonly { readonly digest: string }[];
}

function readJson(path: string): Listing {
  return JSON.parse(readFileSync(path, "utf8"));
}
