import { posix } from "node:path";
import type { Source } from "../../project/source.ts";
import { parseXml, xmlAll, xmlAt, type XmlElement, xmlWithin } from "../../project/xml.ts";

/** A module of a Maven build, as its pom.xml and those of its parents in the source have it. */
export interface Module {
  /** Its directory; `.` for the one at the top. */
  readonly directory: string;
  readonly artifact: string;
  /** `jar`, `war`, `pom` … */
  readonly packaging: string;
  /** Artifacts of the plugins that its build runs: its own and those of its parents in the source. */
  readonly plugins: ReadonlySet<string>;
  /** `group:artifact` of what it, or a parent in the source, depends on; not what only tests need. */
  readonly dependencies: ReadonlySet<string>;
  /** `<mainClass>` of any plugin, or a property that says the same. */
  readonly mainClass: string | undefined;
  /** Whether the assembly plugin is told to put everything into one jar. */
  readonly assembly: "one jar" | "other" | undefined;
}

interface Pom {
  readonly directory: string;
  readonly project: XmlElement;
  /** The parent's, where it is in the source. */
  readonly parent: Pom | undefined;
}

/** The modules of the build whose pom.xml is at the top, that one first. `SOURCE_INVALID` */
export function readModules(source: Source): readonly Module[] {
  return readPoms(source, "pom.xml", undefined, new Set()).map((pom) => moduleOf(pom));
}

function readPoms(source: Source, path: string, parent: Pom | undefined, seen: Set<string>): readonly Pom[] {
  const text = source.text(path);
  if (text === undefined || seen.has(path)) return [];
  seen.add(path);
  const project = parseXml(text, path);
  const directory = posix.dirname(path);
  const pom: Pom = { directory, project, parent: isParent(parent, project) ? parent : undefined };
  const modules = xmlAll(project, "modules", "module").map(({ text: name }) => posix.join(directory, name));
  return [
    pom,
    ...modules.flatMap((name) =>
      readPoms(source, name.endsWith(".xml") ? name : posix.join(name, "pom.xml"), pom, seen),
    ),
  ];
}

function isParent(candidate: Pom | undefined, project: XmlElement): boolean {
  const artifact = xmlAt(project, "parent", "artifactId")?.text;
  return candidate !== undefined && artifact === xmlAt(candidate.project, "artifactId")?.text;
}

/** A pom and its parents in the source, the nearest first. */
function lineage(pom: Pom): readonly Pom[] {
  return [pom, ...(pom.parent === undefined ? [] : lineage(pom.parent))];
}

function moduleOf(pom: Pom): Module {
  const line = lineage(pom);
  const plugins = line.flatMap(({ project }) => xmlAll(project, "build", "plugins", "plugin"));
  const managed = line.flatMap(({ project }) =>
    xmlAll(project, "build", "pluginManagement", "plugins", "plugin"),
  );
  const assemblies = plugins.filter((plugin) => artifactOf(plugin) === "maven-assembly-plugin");
  return {
    directory: pom.directory,
    artifact: artifactOf(pom.project),
    packaging: xmlAt(pom.project, "packaging")?.text ?? "jar",
    plugins: new Set(plugins.map((plugin) => artifactOf(plugin))),
    dependencies: new Set(
      line
        .flatMap(({ project }) => xmlAll(project, "dependencies", "dependency"))
        .filter((dependency) => xmlAt(dependency, "scope")?.text !== "test")
        .map((dependency) => `${xmlAt(dependency, "groupId")?.text ?? ""}:${artifactOf(dependency)}`),
    ),
    mainClass: mainClassOf(line, [...plugins, ...managed]),
    assembly:
      assemblies.length === 0
        ? undefined
        : assemblies.some((plugin) => hasWord(plugin, "descriptorRef", "jar-with-dependencies"))
          ? "one jar"
          : "other",
  };
}

function artifactOf(element: XmlElement): string {
  return xmlAt(element, "artifactId")?.text ?? "";
}

function hasWord(element: XmlElement, name: string, word: string): boolean {
  return xmlWithin(element, name).some(({ text }) => text === word);
}

/** Properties by which builds name the class, the one of Spring Boot's parent first. */
const MAIN_CLASS_PROPERTIES = ["start-class", "exec.mainClass", "mainClass", "main.class"] as const;

function mainClassOf(line: readonly Pom[], plugins: readonly XmlElement[]): string | undefined {
  const written = [
    ...MAIN_CLASS_PROPERTIES.map((name) => property(line, name)),
    ...plugins.flatMap((plugin) => xmlWithin(plugin, "mainClass").map(({ text }) => text)),
  ];
  return written
    .map((text) => (text === undefined ? undefined : resolve(line, text)))
    .find((name) => name !== undefined && /^[\p{L}_$][\p{L}\p{N}_$.]*$/u.test(name));
}

function property(line: readonly Pom[], name: string): string | undefined {
  return line
    .map(({ project }) => xmlAt(project, "properties", name)?.text)
    .find((text) => text !== undefined);
}

/** With its properties put in, so far as the source says what they are; eight deep, as they may go round. */
function resolve(line: readonly Pom[], text: string): string {
  let resolved = text;
  for (let depth = 0; depth < 8 && resolved.includes("${"); depth++) {
    resolved = resolved.replaceAll(/\$\{([^}]+)\}/g, (whole, name: string) => property(line, name) ?? whole);
  }
  return resolved;
}
