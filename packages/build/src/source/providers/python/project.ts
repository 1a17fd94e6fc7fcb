import { isTable, type Source } from "../../project/source.ts";
import { readPylock } from "./pylock.ts";
import { normalName, readRequirements, requirementNames, type Requirements } from "./requirements.ts";

/** A Python project, as its files describe it. */
export interface Project {
  /** Its own distribution's normal name. */
  readonly name: string | undefined;
  /** Undefined where there is no requirements.txt. */
  readonly requirements: Requirements | undefined;
  /** What pyproject.toml says that it needs, as requirements. Undefined where only a build would tell. */
  readonly dependencies: readonly string[] | undefined;
  /** What it needs besides where it is asked for, by the name of the extra. */
  readonly extras: ReadonlyMap<string, readonly string[]>;
  /** Every distribution that is named anywhere, lock files included, by its normal name. */
  readonly names: ReadonlySet<string>;
  /** Programs that installing it brings. */
  readonly scripts: readonly string[];
  /** `package`: a build makes a distribution of it. `files`: nothing but modules beside each other. */
  readonly kind: "package" | "files";
}

const LOCKS = ["uv.lock", "poetry.lock", "pdm.lock"] as const;

/** Reads whatever of a project's manifests there is. `SOURCE_INVALID`, which names the file */
export function readProject(source: Source): Project {
  const pyproject = tableAt(source.toml("pyproject.toml"));
  const project = tableAt(pyproject, "project");
  const poetry = tableAt(pyproject, "tool", "poetry");
  const requirements = source.has("requirements.txt")
    ? readRequirements(source, "requirements.txt")
    : undefined;
  const extras = Object.entries(tableAt(project, "optional-dependencies")).map(
    ([extra, wanted]) => [extra, wordsOf(wanted)] as const,
  );
  const declared = wordsOf(project["dependencies"]);
  const isDynamic = wordsOf(project["dynamic"]).includes("dependencies");
  const name = project["name"] ?? poetry["name"];
  const names = [
    ...(requirements?.names ?? []),
    ...[...declared, ...extras.flatMap(([, wanted]) => wanted)].flatMap(requirementNames),
    ...Object.keys(tableAt(poetry, "dependencies")).map(normalName),
    ...Object.keys(tableAt(source.toml("Pipfile"), "packages")).map(normalName),
    ...LOCKS.flatMap((lock) => lockedNames(source, lock)),
    ...(readPylock(source, [])?.names ?? []),
    ...Object.keys(tableAt(source.json("Pipfile.lock"), "default")).map(normalName),
  ];
  return {
    name: typeof name === "string" ? normalName(name) : undefined,
    requirements,
    dependencies: "name" in project && !isDynamic ? declared : undefined,
    names: new Set(names),
    scripts: scriptsOf(source, project, poetry),
    extras: new Map(extras),
    kind: isPackage(source, pyproject, poetry) ? "package" : "files",
  };
}

/** A table inside tables; an empty one where there is none. */
export function tableAt(value: unknown, ...keys: readonly string[]): Readonly<Record<string, unknown>> {
  let found = value;
  for (const key of keys) found = isTable(found) ? found[key] : undefined;
  return isTable(found) ? found : {};
}

function wordsOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}

function lockedNames(source: Source, path: string): readonly string[] {
  const packages = tableAt(source.toml(path))["package"];
  if (!Array.isArray(packages)) return [];
  return packages.flatMap((each) => {
    const name = tableAt(each)["name"];
    return typeof name === "string" ? [normalName(name)] : [];
  });
}

function scriptsOf(
  source: Source,
  project: Readonly<Record<string, unknown>>,
  poetry: Readonly<Record<string, unknown>>,
): readonly string[] {
  const declared = [...Object.keys(tableAt(project, "scripts")), ...Object.keys(tableAt(poetry, "scripts"))];
  if (declared.length > 0) return declared;
  // setup.cfg has `console_scripts =` and a line for each; setup.py a list of such lines.
  const legacy = `${source.text("setup.cfg") ?? ""}\n${source.text("setup.py") ?? ""}`;
  const [, block = ""] = /console_scripts["']?\s*[=:]\s*([\s\S]*?)(?:\n\s*\n|\n\[|\]|$)/.exec(legacy) ?? [];
  return [...block.matchAll(/([\w.-]+)\s*=\s*[\w.]+:\w+/g)].flatMap(([, name]) => name ?? []);
}

function isPackage(
  source: Source,
  pyproject: Readonly<Record<string, unknown>>,
  poetry: Readonly<Record<string, unknown>>,
): boolean {
  if (source.has("setup.py")) return true;
  if (!("build-system" in pyproject) || poetry["package-mode"] === false) return false;
  const uv = tableAt(pyproject, "tool", "uv");
  const pdm = tableAt(pyproject, "tool", "pdm");
  if (uv["package"] === false || pdm["distribution"] === false) return false;
  // Poetry writes a build-system for every project, also for one that has no package to build.
  const { name } = poetry;
  if (typeof name !== "string" || "packages" in poetry) return true;
  const module = normalName(name).replaceAll("-", "_");
  return [module, `src/${module}`, `${module}.py`, `src/${module}.py`].some((path) => source.has(path));
}
