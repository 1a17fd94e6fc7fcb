import { posix } from "node:path";
import type { Source } from "../../project/source.ts";

/** What requirements.txt comes to, with the files that it takes in. */
export interface Requirements {
  /** The files themselves, with those of `-r` and `-c`: all that says which packages. */
  readonly files: readonly string[];
  /** Distributions by their normal name, without versions and extras. */
  readonly names: readonly string[];
  /** Whether something is installed from the source itself: `-e .`, `./lib`. */
  readonly reach: "files" | "source";
  /** Distributions of which no wheel is to be taken (`--no-binary`), by their normal name; `:all:` is every one. */
  readonly compiled: readonly string[];
}

/** Reads a requirements file as pip does; `-r` and `-c` are relative to the file that they stand in. */
export function readRequirements(source: Source, path: string): Requirements {
  const files: string[] = [];
  const names = new Set<string>();
  const compiled = new Set<string>();
  let reach: Requirements["reach"] = "files";
  const visit = (file: string, kind: "requirements" | "constraints"): void => {
    if (files.includes(file) || !source.has(file)) return;
    files.push(file);
    for (const line of linesOf(source.text(file) ?? "")) {
      const [, option, other] = /^(-r|--requirement|-c|--constraint)[\s=]*(\S+)/.exec(line) ?? [];
      if (option !== undefined && other !== undefined) {
        visit(
          posix.join(posix.dirname(file), other),
          option.endsWith("r") || option.endsWith("requirement") ? "requirements" : "constraints",
        );
      } else if (line.startsWith("--no-binary")) {
        for (const name of line.replace(/^--no-binary[\s=]*/, "").split(/[\s,]+/))
          compiled.add(name === ":all:" ? name : normalName(name));
      } else if (kind === "requirements") {
        if (isLocal(line)) reach = "source";
        for (const name of requirementNames(line)) names.add(name);
      }
    }
  };
  visit(path, "requirements");
  return { files, names: [...names], reach, compiled: [...compiled] };
}

/**
 * The normal names of what a requirement brings that is worth knowing: `Django[argon2]>=4` is `django`;
 * `fastapi[standard]` is `uvicorn` as well. None for options and paths.
 */
export function requirementNames(requirement: string): readonly string[] {
  const egg = /[#&]egg=([\w.-]+)/.exec(requirement)?.[1];
  const [, plain, extras = ""] =
    /^([A-Za-z0-9][\w.-]*)\s*(?:\[([^\]]*)\])?\s*(?:$|[;@<>=!~(])/.exec(requirement.trim()) ?? [];
  const name = egg ?? plain;
  if (name === undefined) return [];
  const normal = normalName(name);
  const brought = extras.split(",").flatMap((extra) => SERVERS[`${normal}[${extra.trim()}]`] ?? []);
  return [normal, ...brought, ...(SERVERS[normal] ?? [])];
}

/** The servers that other distributions bring with them. */
const SERVERS: Readonly<Record<string, readonly string[]>> = {
  "fastapi[all]": ["uvicorn"],
  "fastapi[standard]": ["uvicorn"],
  "litestar[standard]": ["uvicorn"],
  "python-fasthtml": ["uvicorn"],
};

/** As the index compares names (PEP 503). */
export function normalName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/g, "-");
}

function linesOf(text: string): readonly string[] {
  return text
    .replaceAll(/\\\r?\n/g, " ")
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, "").trim())
    .filter((line) => line !== "");
}

function isLocal(line: string): boolean {
  const target = line.replace(/^(-e|--editable)[\s=]*/, "");
  return /^(\.{0,2}\/|\.$|\.\[|\.\.$|file:)/.test(target) || /@\s*file:/.test(target);
}
