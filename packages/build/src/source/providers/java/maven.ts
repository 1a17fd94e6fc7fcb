import { posix } from "node:path";
import { same } from "../../distribution/names.ts";
import { BuildError } from "../../../errors.ts";
import type { Plan, PlanStep } from "../../plan/plan.ts";
import { readProcfile } from "../../project/procfile.ts";
import type { Settings } from "../provider.ts";
import type { Source } from "../../project/source.ts";
import { accepts } from "../../versions/accepts.ts";
import { versionUnavailable } from "../../versions/choose.ts";
import { type Wanted, wantedVersion } from "../../versions/wanted.ts";
import { type Application, findApplication } from "./application-module.ts";
import { DEPENDENCY_PLUGIN, MAVEN, MAVEN_STEP, unpackStep } from "./artifact.ts";
import { drawsPictures } from "./framework.ts";
import { buildEnvironment, chooseJdk, type Jdk, jdkRoot, runtimeOf } from "./jdk.ts";
import { type Module, readModules } from "./pom.ts";
import {
  buildLines,
  DEPENDENCIES,
  LAID_OUT,
  largest,
  LAUNCH,
  type Layout,
  layoutOn,
  oneJar,
  planBuilt,
  quarkus,
  springBoot,
  takeOwn,
  writeLaunch,
} from "./start.ts";
import { inTomcat, tomcatStep, tomcatVersion } from "./tomcat.ts";

/** The Maven of projects that ask for none: plugins of today want more than Debian 12 has. */
const DEFAULT_MAVEN = "3.9.11";
const MAVEN_HOME = "/opt/maven";

/** `START_UNKNOWN`, `VERSION_UNAVAILABLE`, `SOURCE_INVALID` */
export function planMaven(source: Source, settings: Settings): Plan {
  const modules = readModules(source);
  const application = findApplication(source, settings, modules);
  const jdk = chooseJdk(source, settings);
  const dependencies = modules.flatMap((module) => [...module.dependencies]);
  const runtime = runtimeOf(jdk, settings, drawsPictures(source, dependencies) ? "draws" : "none");
  const maven = mavenOf(source, settings, jdk);
  const layout = layoutOn(jdk.from, layoutOf(source, settings, application, modules));
  const steps = {
    ...maven.steps,
    ...(application.packaging === "war"
      ? { tomcat: tomcatStep(jdk, tomcatVersion(settings, dependencies)) }
      : {}),
    build: {
      ...maven.step,
      copies: [{ from: "source", source: ".", target: "app" }],
      commands: [...buildLines(settings.buildCommand ?? packageLine(application, modules), layout)],
      secrets: Object.keys(settings.variables),
    },
  };
  return planBuilt({ from: jdk.from, steps, runtime, layout, dependencies }, source, settings);
}

/** What every step that calls Maven has in common, and the step that fetches Maven itself. */
function mavenOf(
  source: Source,
  settings: Settings,
  jdk: Jdk,
): { readonly step: Omit<PlanStep, "commands">; readonly steps: Readonly<Record<string, PlanStep>> } {
  const wanted = wantedVersion(source, settings, "maven");
  const packaged = jdk.from.ecosystem === "apt" ? DEBIAN_MAVEN[jdk.version] : undefined;
  if (wanted !== undefined && packaged !== undefined && accepts(wanted.version, packaged)) {
    const root = [jdkRoot(jdk, same("maven"))];
    return { step: { ...MAVEN_STEP, root, environment: buildEnvironment(jdk) }, steps: {} };
  }
  const version = distributionOf(wanted);
  return {
    step: {
      ...MAVEN_STEP,
      root: [jdkRoot(jdk)],
      mounts: [{ from: "maven", source: MAVEN_HOME, target: MAVEN_HOME }],
      environment: buildEnvironment(jdk, `${MAVEN_HOME}/apache-maven-${version}/bin:`),
    },
    steps: { maven: unpackStep(jdk, `org.apache.maven:apache-maven:${version}:zip:bin`, MAVEN_HOME) },
  };
}

/** Any exact version is an artifact; of a line (`3.9`) only the newest that this Cooper knows. */
function distributionOf(wanted: Wanted | undefined): string {
  if (wanted === undefined || accepts(wanted.version, DEFAULT_MAVEN)) return DEFAULT_MAVEN;
  if (/^\d+\.\d+\.\d+/.test(wanted.version)) return wanted.version;
  throw versionUnavailable("maven", wanted, [DEFAULT_MAVEN]);
}

/** In the releases that have these JDKs. */
const DEBIAN_MAVEN: Readonly<Record<string, string>> = { "17": "3.8.7", "21": "3.9.9", "25": "3.9.9" };

/** Where a module's step puts what it depends on, in order. */
const LIBRARY = "target/cooper";

function packageLine({ module, packaging }: Application, modules: readonly Module[]): string {
  const which = modules.length === 1 ? "" : ` --projects ${module.directory} --also-make`;
  const line = `${MAVEN} -DskipTests -Dproject.build.outputTimestamp=$SOURCE_DATE_EPOCH${which} package`;
  if (packaging !== "class path") return line;
  return [
    line,
    `${DEPENDENCY_PLUGIN}:copy-dependencies`,
    `${DEPENDENCY_PLUGIN}:build-classpath`,
    "-DincludeScope=runtime",
    `-DoutputDirectory=${LIBRARY}/lib`,
    `-Dmdep.outputFile=${LIBRARY}/classpath`,
    "-Dmdep.prefix=/app/lib",
    "-Dmdep.pathSeparator=:",
  ].join(" ");
}

function layoutOf(
  source: Source,
  settings: Settings,
  application: Application,
  modules: readonly Module[],
): Layout {
  const { module, packaging } = application;
  const target = posix.join(module.directory, "target");
  const line = settings.startCommand ?? readProcfile(source).get("web");
  if (line !== undefined && /\btarget\//.test(line)) return asBuilt(module);
  if (line === undefined && packaging === "class path" && application.mainClass === undefined) {
    throw new BuildError(
      "START_UNKNOWN",
      `${module.directory} has no class in which a program begins (java)`,
      {
        advice: "Give --env JAVA_MAIN_CLASS=NAME, or mainClass in pom.xml.",
        fields: { provider: "java" },
      },
    );
  }
  // What changes with the code though it is a jar among others: other modules, and versions that are not final.
  const own = [
    "*-SNAPSHOT.jar",
    ...modules
      .filter((each) => each !== module && each.packaging !== "pom")
      .map(({ artifact }) => `${artifact}-*.jar`),
  ];
  if (packaging === "quarkus") return quarkus(posix.join("/app", target));
  if (packaging === "war") return inTomcat(largest(target, "war"), own);
  if (packaging === "one jar") return oneJar(largest(target, "jar"));
  if (packaging === "class path") return classPath(application, own);
  return module.packaging === "war"
    ? springBoot(largest(target, "war"), "WEB-INF", own)
    : springBoot(largest(target, "jar"), "BOOT-INF", own);
}

function classPath({ module, mainClass }: Application, own: readonly string[]): Layout {
  const built = posix.join("/app", module.directory, LIBRARY);
  return {
    commands: [
      `mkdir -p ${LAID_OUT} ${built}/lib && mv ${built}/lib ${DEPENDENCIES}`,
      `cp -R ${posix.join("/app", module.directory, "target/classes")} ${LAID_OUT}`,
      ...takeOwn(`${LAID_OUT}/lib`, own),
      ...(mainClass === undefined ? [] : [writeLaunch(`/app/classes:$(cat ${built}/classpath)`, mainClass)]),
    ],
    copies: [
      { from: "build", source: DEPENDENCIES, target: "app/lib" },
      { from: "build", source: LAID_OUT, target: "app" },
    ],
    command: mainClass === undefined ? undefined : LAUNCH,
  };
}

/** For a command that names what the build leaves in target: it finds it there. */
function asBuilt(module: Module): Layout {
  const target = posix.join(module.directory, "target");
  return {
    commands: [],
    copies: [
      {
        from: "build",
        source: posix.join("/app", target),
        target: posix.join("app", target),
        exclude: ["maven-*", "generated-*", "surefire-reports", "test-classes", "*.original", LIBRARY],
      },
    ],
    command: undefined,
  };
}
