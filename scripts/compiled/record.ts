// Runs Cooper's commands one after the other in this process, and writes what V8 compiled of the bundle's files to
// where the bundle's own start looks for it. Started by ship.ts, with the options that bin/cooper gives to Node.
import { mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { Script } from "node:vm";
import { type BundledFile, BundledFiles } from "../../packages/cli/src/bundled-files.ts";
import { compiledName, type Kind, shippedDirectory } from "../../packages/cli/src/compiled.ts";
import { writeChecksummed } from "../../packages/cli/src/checksummed-file.ts";

export interface Recording {
  readonly bundle: string;
  readonly files: readonly BundledFile[];
  readonly kind: Kind;
  /** The arguments of each. */
  readonly commands: readonly (readonly string[])[];
}

const { bundle, files, kind, commands }: Recording = JSON.parse(process.argv[2] ?? "");
// V8 forgets what was not called for a while, such as what only the start calls.
setFlagsFromString("--no-flush-bytecode");
process.setMaxListeners(0); // each command waits for signals
const scripts = new Map<BundledFile, Script>();
const bundled = new BundledFiles(bundle, {
  require: createRequire(import.meta.url),
  files,
  compile: (file, text) => {
    // Not the path that it has here: the name is in what is written. V8 does not look at it.
    const script = new Script(text, { filename: `cooper/${file[0]}.cjs` });
    scripts.set(file, script);
    return script;
  },
});
const { main } = bundled.app();
for (const command of commands) {
  // oxlint-disable-next-line no-await-in-loop
  const status = await main(command);
  if (status !== 0) throw new Error(`cooper ${command.join(" ")} ended with ${status}`);
}
setFlagsFromString("--flush-bytecode"); // V8 takes only what was compiled with the options that it has
const directory = shippedDirectory(bundle);
mkdirSync(directory, { recursive: true });
for (const [file, script] of scripts) {
  writeChecksummed(join(directory, compiledName(file, kind)), script.createCachedData());
}
process.exit(0);
