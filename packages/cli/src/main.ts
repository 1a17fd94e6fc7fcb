import { createRequire } from "node:module";
import { type BundledFile, BundledFiles } from "./bundled-files.ts";
import { CompiledFiles, HELP } from "./compiled.ts";

// Put in by scripts/bundle.ts; not there when the sources run as they are.
declare const COOPER_VERSION: string | undefined;
declare const COOPER_COMMANDS: readonly string[];
declare const COOPER_FILES: readonly BundledFile[];

// The version is asked often, by scripts: it is told before anything else is loaded.
const asked = process.argv[2];
if (asked === "--version" || asked === "-v") void tellVersion();
else void start();

async function tellVersion(): Promise<void> {
  const version =
    typeof COOPER_VERSION === "string" ? COOPER_VERSION : (await import("./version.ts")).version();
  process.stdout.write(`cooper ${version}\n`);
}

async function start(): Promise<void> {
  if (typeof COOPER_VERSION !== "string") {
    const { main } = await import("./app.ts");
    await exit(await main(process.argv.slice(2)));
    return;
  }
  const isHelp = process.argv.some((argument) => argument === "--help" || argument === "-h");
  const command = COOPER_COMMANDS.find((name) => name === asked && !isHelp) ?? HELP;
  const compiled = new CompiledFiles(import.meta.dirname, command);
  const files = new BundledFiles(import.meta.dirname, {
    require: createRequire(import.meta.url),
    files: COOPER_FILES,
    compile: (...given) => compiled.compile(...given),
  });
  await exit(await files.app().main(process.argv.slice(2)));
}

/** Ends when all that was said has left: a pipe takes 64 KiB, and the rest when its reader has read. */
async function exit(status: number): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    if (!stream.writable || stream.writableLength === 0) continue;
    await new Promise<void>((resolve) => void stream.write("", () => resolve()));
  }
  process.exit(status);
}
