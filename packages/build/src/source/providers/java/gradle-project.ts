import { posix } from "node:path";
import { BuildError } from "../../../errors.ts";
import type { Settings } from "../provider.ts";
import type { Source } from "../../project/source.ts";
import type { Packaging } from "./application-module.ts";
import { findMainClasses } from "./main-class.ts";

/** The project of a Gradle build that is started, so far as its scripts say it without being run. */
export interface GradleApplication {
  /** `.` for the one at the top. */
  readonly directory: string;
  /** What its tasks begin with: nothing, or `:web:`. */
  readonly path: string;
  readonly packaging: Packaging;
  readonly mainClass: string | undefined;
  /** `group:artifact` of what any script names. */
  readonly dependencies: readonly string[];
  /** How the jars of the build's own projects begin. */
  readonly modules: readonly string[];
}

interface Project {
  readonly directory: string;
  readonly script: string;
}

/** The one that GRADLE_PROJECT names, else the one whose plugins make something that starts. `START_UNKNOWN` */
export function findGradleApplication(source: Source, settings: Settings): GradleApplication {
  const projects = projectsOf(source);
  const wanted = settings.variables["GRADLE_PROJECT"]?.replace(/^:/, "").replaceAll(":", "/");
  const likely = projects.filter(({ directory, script }) =>
    wanted === undefined ? packagingOf(script) !== undefined : directory === wanted,
  );
  const [chosen] = likely;
  if (chosen === undefined || likely.length > 1) {
    const names = (likely.length > 1 ? likely : projects).map(({ directory }) => directory);
    throw new BuildError(
      "START_UNKNOWN",
      likely.length > 1
        ? `${source.directory} does not say what is started: the projects ${names.join(", ")} may all be the application`
        : `${source.directory} does not say what is started: no build script applies a plugin that makes something to start`,
      {
        advice: `Apply Gradle's application plugin, or give --env GRADLE_PROJECT=DIRECTORY, one of: ${names.join(", ")}.`,
        fields: { provider: "java" },
      },
    );
  }
  const { directory, script } = chosen;
  const given = settings.variables["JAVA_MAIN_CLASS"] ?? mainClassIn(script);
  const found = given === undefined ? findMainClasses(source, directory) : [];
  return {
    directory,
    path: directory === "." ? "" : `:${directory.replaceAll("/", ":")}:`,
    packaging: packagingOf(script) ?? "class path",
    mainClass: given ?? (found.length === 1 ? found[0] : undefined),
    dependencies: projects.flatMap((project) =>
      [...project.script.matchAll(/["']([\w.-]+:[\w.-]+)(?::[^"']*)?["']/g)].map(([, name = ""]) => name),
    ),
    modules: [rootName(source), ...projects.map((project) => posix.basename(project.directory))].filter(
      (name) => name !== "." && name !== "",
    ),
  };
}

const SCRIPTS = ["build.gradle", "build.gradle.kts"] as const;

function projectsOf(source: Source): readonly Project[] {
  return source
    .matching(...SCRIPTS.map((name) => `**/${name}`))
    .filter((path) => !path.startsWith("buildSrc/"))
    .map((path) => ({ directory: posix.dirname(path), script: source.text(path) ?? "" }));
}

function rootName(source: Source): string {
  const settings = source.text("settings.gradle") ?? source.text("settings.gradle.kts") ?? "";
  return /rootProject\.name\s*=\s*["']([^"']+)["']/.exec(settings)?.[1] ?? "app";
}

/** Undefined where no plugin makes something that starts. A plugin that is named with `apply false` is not applied. */
function packagingOf(script: string): Packaging | undefined {
  const applied = script
    .split(/\r?\n/)
    .filter((line) => !/\bapply\s*\(?\s*false/.test(line))
    .join("\n");
  if (/["']org\.springframework\.boot["']/.test(applied)) return "spring-boot";
  if (/["']io\.quarkus["']/.test(applied)) return "quarkus";
  if (/["'](com\.gradleup\.shadow|com\.github\.johnrengelman\.shadow)["']/.test(applied)) return "one jar";
  if (/["'](application|io\.micronaut\.application|io\.ktor\.plugin)["']|^\s*application\s*$/m.test(applied))
    return "class path";
  return /["']war["']|^\s*war\s*$/m.test(applied) ? "war" : undefined;
}

function mainClassIn(script: string): string | undefined {
  const named = /\bmainClass(?:Name)?\s*(?:=|\.set\s*\()\s*["']([\w.$]+)["']/.exec(script)?.[1];
  return named;
}
