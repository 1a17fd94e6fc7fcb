import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { run, temporaryDirectory } from "@cooper/test";
import type { Finished, RunOptions } from "@cooper/test";

/** The command, as it is started from a shell. */
export const launcher = join(import.meta.dirname, "../../bin/cooper");

/** A directory of its own in which the real command runs, with a store and settings of its own. */
export interface Workshop {
  readonly directory: string;
  /** Variables that say where its store and settings are. */
  readonly env: Readonly<Record<string, string>>;
  /** Runs `cooper` to its end; whatever the status. */
  readonly cooper: (...args: readonly string[]) => Promise<Finished>;
  /** Runs `cooper`, which must end with 0, and gives what it prints on stdout without the line's end. */
  readonly answer: (...args: readonly string[]) => Promise<string>;
  readonly cooperWith: (options: RunOptions, ...args: readonly string[]) => Promise<Finished>;
}

export function workshop(t: TestContext): Workshop {
  const directory = temporaryDirectory(t);
  const env = {
    COOPER_HOME: join(directory, "home"),
    COOPER_CACHE_DIR: join(directory, "cache"),
    DOCKER_CONFIG: join(directory, "docker"),
    NO_COLOR: "1",
  };
  const cooperWith = async (options: RunOptions, ...args: readonly string[]): Promise<Finished> =>
    await run(launcher, args, { cwd: directory, status: "any", ...options, env: { ...env, ...options.env } });
  const cooper = async (...args: readonly string[]): Promise<Finished> => await cooperWith({}, ...args);
  return {
    directory,
    env,
    cooper,
    cooperWith,
    answer: async (...args) => {
      const finished = await cooper(...args);
      if (finished.status !== 0)
        throw new Error(`cooper ${args.join(" ")}: ${finished.status}\n${finished.stderr}`);
      return finished.stdout.trimEnd();
    },
  };
}

/** A small tree under `name`, to make images of. */
export function makeFiles(directory: string, name: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(directory, name, path, ".."), { recursive: true });
    writeFileSync(join(directory, name, path), text);
  }
}
