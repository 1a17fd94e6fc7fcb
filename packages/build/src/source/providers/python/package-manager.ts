import { BuildError } from "../../../errors.ts";
import { isTable, type Source } from "../../project/source.ts";
import { tableAt } from "./project.ts";

/** Where the packages that a lock file names are written down for pip, with their hashes. */
export const LOCKED = "/opt/requirements.txt";
/** Where what a lock file takes from the project itself is written down: one path a line. */
export const LOCAL = "/opt/local.txt";

/** A tool that locks packages, and how what it locked is told to pip. */
export interface Locker {
  readonly name: "uv" | "poetry" | "pdm" | "pipenv";
  readonly lock: string;
  /** The tool itself and what it needs for this, by exact versions. */
  readonly tool: readonly string[];
  /** Files that it reads. */
  readonly manifests: readonly string[];
  /** Lines that write `LOCKED`, and `LOCAL` where it knows such. */
  exportLines(extras: readonly string[], source: Source): readonly string[];
}

/** What comes before what else where there are several. */
const LOCKERS: readonly Locker[] = [
  {
    name: "uv",
    lock: "uv.lock",
    tool: ["uv==0.13.9"],
    manifests: ["uv.lock", "uv.toml", "**/pyproject.toml"],
    exportLines: (extras) => {
      const common = `uv export --frozen --no-dev --no-editable --no-header --no-annotate --quiet${flags("--extra", extras)}`;
      return [
        `${common} --no-emit-local --output-file ${LOCKED}`,
        `${common} --no-hashes --output-file /opt/all.txt`,
        `sed -n '/^\\./p' /opt/all.txt > ${LOCAL}`,
      ];
    },
  },
  {
    name: "poetry",
    lock: "poetry.lock",
    tool: ["poetry==2.5.1", "poetry-plugin-export==1.10.1"],
    manifests: ["poetry.lock", "pyproject.toml"],
    exportLines: (extras) => [`poetry export --only main --output ${LOCKED}${flags("--extras", extras)}`],
  },
  {
    name: "pdm",
    lock: "pdm.lock",
    // With a newer hishel it does not start.
    tool: ["pdm==2.29.4", "hishel==1.4.0"],
    manifests: ["pdm.lock", "pyproject.toml", "pdm.toml"],
    exportLines: (extras) => [
      `pdm export --prod --format requirements --output ${LOCKED}${flags("--group", extras)}`,
    ],
  },
  {
    name: "pipenv",
    lock: "Pipfile.lock",
    tool: ["pipenv==2026.10.3"],
    manifests: ["Pipfile", "Pipfile.lock"],
    exportLines: (_extras, source) => [
      `pipenv requirements --hash${hasOwnIndex(source) ? "" : " --exclude-index"} > ${LOCKED}`,
    ],
  },
];

function flags(name: string, values: readonly string[]): string {
  return values.map((value) => ` ${name} ${value}`).join("");
}

/** Whether a Pipfile names an index besides the one that pipenv writes into each: else the host's own counts. */
function hasOwnIndex(source: Source): boolean {
  const sources = tableAt(source.toml("Pipfile"))["source"];
  if (!Array.isArray(sources)) return false;
  return sources.some((each) => isTable(each) && each["name"] !== "pypi");
}

/** The tool whose lock file there is. `SOURCE_INVALID` where only such a tool could tell the packages, and it has locked none. */
export function lockerOf(source: Source): Locker | undefined {
  const locker = LOCKERS.find(({ lock }) => source.has(lock));
  if (locker !== undefined || source.has("requirements.txt")) return locker;
  const poetry = tableAt(source.toml("pyproject.toml"), "tool", "poetry");
  if (source.has("Pipfile")) throw unlocked("Pipfile", "Pipfile.lock", "pipenv lock");
  if (poetry["package-mode"] === false && "dependencies" in poetry)
    throw unlocked("pyproject.toml", "poetry.lock", "poetry lock");
  return undefined;
}

function unlocked(path: string, lock: string, command: string): BuildError {
  return new BuildError("SOURCE_INVALID", `${path} names packages, and there is no ${lock}`, {
    advice: `Run ${command}, and keep what it writes with the source.`,
    fields: { path },
  });
}
