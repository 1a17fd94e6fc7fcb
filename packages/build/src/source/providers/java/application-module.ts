import { BuildError } from "../../../errors.ts";
import type { Settings } from "../provider.ts";
import type { Source } from "../../project/source.ts";
import { findMainClasses } from "./main-class.ts";
import type { Module } from "./pom.ts";

/** How a module becomes something that can be started. */
export type Packaging = "spring-boot" | "quarkus" | "one jar" | "war" | "class path";

export interface Application {
  readonly module: Module;
  readonly packaging: Packaging;
  /** The class where it begins; undefined where what is built says so itself. */
  readonly mainClass: string | undefined;
}

/**
 * Which module is the application: the one that MAVEN_MODULE names, else the one that is packaged to be
 * started, else the one with a class where a program begins. `START_UNKNOWN`, which names those that may be meant.
 */
export function findApplication(source: Source, settings: Settings, modules: readonly Module[]): Application {
  const wanted = settings.variables["MAVEN_MODULE"];
  const leaves = modules.filter(
    ({ packaging, directory, artifact }) =>
      packaging !== "pom" && (wanted === undefined || wanted === directory || wanted === artifact),
  );
  const [only] = leaves;
  if (only === undefined) {
    const directories = modules.map(({ directory }) => directory);
    const what = wanted === undefined ? "no module builds a jar" : `there is no module ${wanted}`;
    throw unknown(source, what, directories);
  }
  if (leaves.length === 1) return applicationOf(source, settings, only);
  const packaged = leaves.filter(
    (module) =>
      packagingOf(module) === "war" || (packagingOf(module) !== "class path" && hasMain(source, module)),
  );
  const started = leaves.filter((module) => hasMain(source, module));
  const likely = packaged.length > 0 ? packaged : started;
  const [chosen] = likely;
  if (chosen !== undefined && likely.length === 1) return applicationOf(source, settings, chosen);
  const names = (likely.length === 0 ? leaves : likely).map(({ directory }) => directory);
  throw unknown(source, `the modules ${names.join(", ")} may all be the application`, names);
}

function hasMain(source: Source, module: Module): boolean {
  return module.mainClass !== undefined || findMainClasses(source, module.directory).length > 0;
}

function unknown(source: Source, what: string, modules: readonly string[]): BuildError {
  return new BuildError("START_UNKNOWN", `${source.directory} does not say what is started: ${what}`, {
    advice: `Give --env MAVEN_MODULE=DIRECTORY, one of: ${modules.join(", ")}.`,
    fields: { provider: "java" },
  });
}

function applicationOf(source: Source, settings: Settings, module: Module): Application {
  const packaging = packagingOf(module);
  const given = settings.variables["JAVA_MAIN_CLASS"];
  if (packaging !== "class path") return { module, packaging, mainClass: given };
  const mainClass = given ?? module.mainClass;
  if (mainClass !== undefined) return { module, packaging, mainClass };
  const found = findMainClasses(source, module.directory);
  const [only] = found;
  if (found.length <= 1) return { module, packaging, mainClass: only };
  throw new BuildError(
    "START_UNKNOWN",
    `${found.length} classes may begin the program: ${found.join(", ")}`,
    {
      advice: "Give --env JAVA_MAIN_CLASS=NAME, or mainClass in pom.xml.",
      fields: { provider: "java" },
    },
  );
}

/** Plugins that put everything into one jar that is started with -jar. */
const ONE_JAR = ["maven-shade-plugin", "micronaut-maven-plugin", "helidon-maven-plugin"] as const;

function packagingOf({ packaging, plugins, assembly }: Module): Packaging {
  if (plugins.has("spring-boot-maven-plugin")) return "spring-boot";
  if (plugins.has("quarkus-maven-plugin")) return "quarkus";
  if (assembly === "one jar" || plugins.has("maven-shade-plugin")) return "one jar";
  if (ONE_JAR.some((name) => plugins.has(name))) return "one jar";
  // Whatever else makes a war does not make it start.
  return packaging === "war" ? "war" : "class path";
}
