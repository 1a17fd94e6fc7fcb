import { execFileSync } from "node:child_process";
import { existsSync, globSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { debianSources, release } from "../debian.ts";
import type { Contestant, Race } from "../race.ts";
import { timed } from "../race.ts";
import type { Measurement, Setting } from "../setting.ts";

const PACKAGES = ["curl", "jq", "git"] as const;
const APK = join(import.meta.dirname, "../../../shared/data/apk/alpine-3.16-main-x86_64");

/** Images from packages: of Debian's mirror against mmdebstrap, and Alpine's requests against the clock. */
export const packages: Measurement = {
  name: "packages",
  title: "Packages to an image",
  async *races(setting) {
    const sources = debianSources();
    if (sources !== undefined) {
      yield {
        name: `apt:${PACKAGES.join("/")}, nothing in the cache`,
        bytes: 0,
        contestants: [cooper(setting, "cold"), mmdebstrap(setting, sources)],
        targets: { mmdebstrap: 1 / 0.3 },
      } satisfies Race;
      yield {
        name: `apt:${PACKAGES.join("/")}, made before (to reach: 1.5 s)`,
        bytes: 0,
        contestants: [cooper(setting, "warm")],
        targets: {},
      } satisfies Race;
      yield {
        name: "apt:curl/jq after apt:curl into one layout: the blobs that come to it (output)",
        bytes: 0,
        contestants: [second(setting)],
        targets: {},
      } satisfies Race;
      const index = largestBlob(setting);
      yield {
        name: "Debian's index, read for the first time (to reach: 2 s)",
        bytes: 0,
        contestants: [reader(setting, "parse", index), aptCache(setting, "cold")],
        targets: {},
      } satisfies Race;
      yield {
        name: "Debian's index, read before, one package of it (to reach: 0.15 s)",
        bytes: 0,
        contestants: [reader(setting, "load", index), aptCache(setting, "warm")],
        targets: {},
      } satisfies Race;
    }
    if (existsSync(APK)) {
      yield {
        name: "500 requests of Alpine 3.16, solved (to reach: 5 s)",
        bytes: 0,
        contestants: [requests(setting)],
        targets: {},
      } satisfies Race;
    }
  },
};

/** The host's own sources of Debian, so that both fetch from the same place. */
/** The command with a cache and a store of its own. */
function command(setting: Setting, ...args: readonly string[]): readonly string[] {
  const { scratch } = setting;
  return [
    "env",
    `COOPER_HOME=${join(scratch, "home")}`,
    `COOPER_CACHE_DIR=${join(scratch, "cache")}`,
    setting.cooper(),
    ...args,
  ];
}

function cooper(setting: Setting, which: "cold" | "warm"): Contestant {
  const layout = join(setting.scratch, "layout");
  return {
    name: "cooper copy",
    prepare: () => {
      if (which === "cold") rmSync(join(setting.scratch, "cache"), { recursive: true, force: true });
      rmSync(layout, { recursive: true, force: true });
      return command(setting, "copy", "--quiet", `apt:${PACKAGES.join("/")}`, `oci:${layout}:bench`);
    },
    finish: () => bytesOf(layout),
  };
}

/** The same set, and what dpkg and the scripts that it runs cannot do without. */
function mmdebstrap(setting: Setting, sources: string): Contestant {
  const tar = join(setting.scratch, "root.tar");
  let names: readonly string[] | undefined;
  return {
    name: "mmdebstrap",
    needs: ["mmdebstrap"],
    prepare: () => {
      rmSync(tar, { force: true });
      names ??= [...resolved(setting), "diffutils", "findutils", "grep", "sed"];
      const include = `--include=${[...new Set(names)].join(",")}`;
      return ["mmdebstrap", "--quiet", "--variant=custom", include, release(), tar, sources];
    },
    finish: () => statSync(tar).size,
  };
}

interface Solved {
  readonly packages: readonly { readonly name: string }[];
}

function resolved(setting: Setting): readonly string[] {
  const [program = "", ...args] = command(setting, "resolve", "--json", `apt:${PACKAGES.join("/")}`);
  const { packages: found, base } = JSON.parse(execFileSync(program, args).toString()) as Solved & {
    readonly base?: Solved;
  };
  return [...(base?.packages ?? []), ...found].map(({ name }) => name);
}

function second(setting: Setting): Contestant {
  let round = 0;
  let layout = "";
  let before = 0;
  const copy = (reference: string): readonly string[] =>
    command(setting, "copy", "--quiet", reference, `oci:${layout}:1`);
  return {
    name: "cooper copy",
    prepare: () => {
      layout = join(setting.scratch, `shared-${round++}`);
      timed(copy("apt:curl"), setting.scratch);
      before = bytesOf(layout);
      return copy("apt:curl/jq");
    },
    finish: () => bytesOf(layout) - before,
  };
}

/** The index of the largest suite: what was fetched above is in the cache. */
function largestBlob(setting: Setting): string {
  const blobs = globSync(join(setting.scratch, "cache/blobs/*/*"));
  const indexes = blobs.filter((path) => readFileSync(path).subarray(0, 2).toString("hex") === "1f8b");
  const [first] = indexes.toSorted((a, b) => statSync(b).size - statSync(a).size);
  if (first === undefined) throw new Error("no index was fetched");
  return first;
}

function reader(setting: Setting, mode: "parse" | "load", index: string): Contestant {
  const parsed = join(setting.scratch, "parsed-index");
  return {
    name: "cooper (libraries)",
    prepare: () => {
      const files = mode === "parse" ? [index, parsed] : [parsed];
      return [...setting.program("apt-index"), mode, ...files];
    },
    finish: () => (mode === "parse" ? statSync(parsed).size : undefined),
  };
}

/** apt's own cache of all that the host has fetched. */
function aptCache(setting: Setting, which: "cold" | "warm"): Contestant {
  const cache = join(setting.scratch, "apt");
  // Some hosts turn the cache off.
  const options = ["Dir::Etc::parts=/dev/null", `Dir::Cache=${cache}`].flatMap((each) => ["-o", each]);
  const files = ["Dir::Cache::pkgcache=pkgcache.bin", "Dir::Cache::srcpkgcache=srcpkgcache.bin"];
  const args = [...options, ...files.flatMap((each) => ["-o", each])];
  return {
    name: which === "cold" ? "apt-cache gencaches" : "apt-cache show",
    needs: ["apt-cache"],
    prepare: () => {
      if (which === "cold") rmSync(cache, { recursive: true, force: true });
      mkdirSync(join(cache, "archives/partial"), { recursive: true });
      return ["apt-cache", ...args, ...(which === "cold" ? ["gencaches"] : ["show", "curl"])];
    },
  };
}

function requests(setting: Setting): Contestant {
  const script = `exec "$0" "$@" < ${join(APK, "solutions.jsonl")} > /dev/null`;
  const args = [
    "resolve",
    "apk:",
    "--batch",
    "--repository",
    join(APK, "APKINDEX.tar.gz"),
    "--keyring",
    APK,
    "--arch",
    "x86_64",
  ];
  return {
    name: "cooper resolve --batch",
    prepare: () => ["sh", "-c", script, ...command(setting, ...args)],
  };
}

function bytesOf(layout: string): number {
  return globSync(join(layout, "blobs/*/*")).reduce((sum, path) => sum + statSync(path).size, 0);
}
