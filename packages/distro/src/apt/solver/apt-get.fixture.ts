import { execFile } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { promisify } from "node:util";

/** A request as `apt-get install` takes it. */
export interface AptQuestion {
  readonly packages: readonly string[];
  readonly recommends: "followed" | "ignored";
  /** `-t RELEASE`. */
  readonly target?: string | undefined;
}

/** What apt would install, `name=version` sorted; undefined where it finds nothing. */
export type AptAnswer = readonly string[] | undefined;

/** Whether the judge is there; else a loud skip. */
export function hasAptGet(t: TestContext): boolean {
  const isThere = existsSync("/usr/bin/apt-get");
  if (!isThere) t.skip("SKIPPED: apt-get is missing");
  return isThere;
}

/** apt on an empty status file, which sees these indexes and nothing else of the host. */
export class AptRoot {
  readonly #directory: string;

  /**
   * `lists` are indexes by the name that apt gives them in /var/lib/apt/lists; `sources` the lines
   * that name them; `preferences` a file of pins.
   */
  constructor(
    directory: string,
    content: {
      readonly lists: Readonly<Record<string, string | Buffer>>;
      readonly sources: readonly string[];
      readonly preferences?: string | undefined;
    },
  ) {
    this.#directory = directory;
    for (const path of ["lists/partial", "cache/archives/partial", "state"]) {
      mkdirSync(join(directory, path), { recursive: true });
    }
    for (const [name, bytes] of Object.entries(content.lists)) {
      writeFileSync(join(directory, "lists", name), bytes);
    }
    writeFileSync(join(directory, "state/status"), "");
    writeFileSync(join(directory, "sources.list"), content.sources.map((line) => `${line}\n`).join(""));
    writeFileSync(join(directory, "preferences"), content.preferences ?? "");
    writeFileSync(join(directory, "apt.conf"), configuration(directory));
  }

  async ask({ packages, recommends, target }: AptQuestion): Promise<AptAnswer> {
    const args = [
      "install",
      "--simulate",
      recommends === "followed" ? "--install-recommends" : "--no-install-recommends",
      ...(target === undefined ? [] : ["-t", target]),
      ...packages,
    ];
    try {
      const { stdout } = await promisify(execFile)("apt-get", args, {
        env: { PATH: process.env["PATH"], APT_CONFIG: join(this.#directory, "apt.conf"), LC_ALL: "C" },
        maxBuffer: 64 * 2 ** 20,
      });
      return [...stdout.matchAll(/^Inst (\S+) \((\S+) /gm)]
        .map(([, name, version]) => `${name}=${version}`)
        .toSorted();
    } catch (error) {
      const stdout = error instanceof Error && "stdout" in error ? String(error.stdout) : "";
      // apt chose, and then found no order in which dpkg could do it.
      const chosen = /^The following NEW packages will be installed:\n((?: .*\n)+)/m.exec(stdout)?.[1];
      if (chosen !== undefined) throw new Error(`apt-get finds no order:\n${stdout}`, { cause: error });
      return undefined;
    }
  }
}

function configuration(directory: string): string {
  const at = (path: string): string => JSON.stringify(join(directory, path));
  return `Dir::State ${at("state")};
Dir::State::status ${at("state/status")};
Dir::State::lists ${at("lists")};
Dir::Cache ${at("cache")};
Dir::Etc::sourcelist ${at("sources.list")};
Dir::Etc::sourceparts "/dev/null";
Dir::Etc::preferences ${at("preferences")};
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::parts "/dev/null";
Dir::Etc::main "/dev/null";
APT::Architecture "amd64";
APT::Architectures { "amd64"; };
`;
}
