// Puts what V8 compiles of a bundle's files beside them: `ship.ts BUNDLE FILES`, as scripts/bundle.ts starts it. Some
// commands are run for that, by the Node and with the options that the published command has.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cameWithCooper } from "@cooper/sys";
import { run } from "@cooper/test";
import type { BundledFile } from "../../packages/cli/src/bundled-files.ts";
import type { Recording } from "./record.ts";
import { prepareWork } from "./work.ts";

const cli = join(import.meta.dirname, "../../packages/cli");
const [bundle = "", listed = ""] = process.argv.slice(2);
const files: readonly BundledFile[] = JSON.parse(listed);

const scratch = mkdtempSync(join(tmpdir(), "cooper-compiled-"));
try {
  const [node = "", ...options] = launched(join(scratch, "launched"));
  const work = await prepareWork(scratch);
  try {
    await Promise.all(
      (["long", "short"] as const).map(
        async (kind) => await record(node, options, { bundle, files, kind, commands: work.commands[kind] }),
      ),
    );
  } finally {
    await work.close();
  }
} finally {
  rmSync(scratch, { recursive: true, force: true });
}

/** The Node that bin/cooper starts and the options that it gives to it, as a package says that is installed. */
function launched(directory: string): readonly string[] {
  mkdirSync(join(directory, "dist/bundle"), { recursive: true });
  cpSync(join(cli, "bin"), join(directory, "bin"), { recursive: true });
  symlinkSync(join(cli, "../../node_modules"), join(directory, "node_modules"));
  const tell = "console.log(JSON.stringify([process.version, process.execPath, ...process.execArgv]))";
  writeFileSync(join(directory, "dist/bundle/main.cjs"), tell);
  const told: readonly string[] = JSON.parse(
    execFileSync(join(directory, "bin/cooper"), { encoding: "utf8" }),
  );
  const [version, node = "", ...options] = told;
  const { optionalDependencies }: { readonly optionalDependencies: Readonly<Record<string, string>> } =
    JSON.parse(readFileSync(join(cli, "package.json"), "utf8"));
  const wanted = optionalDependencies[`node-linux-${process.arch}`];
  if (version !== `v${wanted}` || !cameWithCooper(node)) {
    throw new Error(
      `the package comes with Node ${wanted}, and bin/cooper finds ${node}, ${version}: npm ci`,
    );
  }
  return [node, ...options];
}

async function record(node: string, options: readonly string[], recording: Recording): Promise<void> {
  const program = join(import.meta.dirname, "record.ts");
  await run(node, [...options, "--conditions=@cooper/source", program, JSON.stringify(recording)], {
    cwd: scratch,
    env: {
      ...process.env,
      NODE_OPTIONS: "", // V8 looks at all options that it has
      NODE_PATH: join(cli, "../../node_modules"), // for a bundle that lies elsewhere
      NO_PROXY: "127.0.0.1",
      no_proxy: "127.0.0.1",
      HOME: scratch,
      COOPER_HOME: join(scratch, "home"),
      COOPER_CACHE_DIR: join(scratch, "cache"),
    },
  });
}
