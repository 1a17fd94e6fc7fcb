import { posix } from "node:path";
import { same } from "../../distribution/names.ts";
import type { Plan, PlanStep } from "../../plan/plan.ts";
import { readProcfile } from "../../project/procfile.ts";
import type { Settings } from "../provider.ts";
import type { Source } from "../../project/source.ts";
import { drawsPictures } from "./framework.ts";
import { findGradleApplication, type GradleApplication } from "./gradle-project.ts";
import { buildEnvironment, chooseJdk, jdkRoot, runtimeOf } from "./jdk.ts";
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

/**
 * By the project's own wrapper, which fetches Gradle from where its properties say; by Debian's
 * Gradle where there is none. `START_UNKNOWN`, `VERSION_UNAVAILABLE`
 */
export function planGradle(source: Source, settings: Settings): Plan {
  const jdk = chooseJdk(source, settings);
  const application = findGradleApplication(source, settings);
  const { dependencies } = application;
  const runtime = runtimeOf(jdk, settings, drawsPictures(source, dependencies) ? "draws" : "none");
  const layout = layoutOn(jdk.from, layoutOf(source, settings, application));
  const hasWrapper = source.has("gradlew");
  const program = hasWrapper ? "sh gradlew" : "gradle";
  const task = `${application.path}${TASKS[application.packaging]}`;
  const line = `${program} --no-daemon --console=plain --gradle-user-home /root/.gradle ${task}`;
  const build: PlanStep = {
    root: [hasWrapper ? jdkRoot(jdk) : jdkRoot(jdk, same("gradle"))],
    copies: [{ from: "source", source: ".", target: "app" }],
    commands: [...buildLines(settings.buildCommand ?? line, layout)],
    environment: buildEnvironment(jdk),
    caches: [{ id: "gradle", target: "/root/.gradle", sharing: "locked" }],
    network: "host",
    configuration: ["maven", "certificates"],
    secrets: Object.keys(settings.variables),
  };
  const tomcat =
    application.packaging === "war" ? { tomcat: tomcatStep(jdk, tomcatVersion(settings, dependencies)) } : {};
  return planBuilt(
    { from: jdk.from, steps: { ...tomcat, build }, runtime, layout, dependencies },
    source,
    settings,
  );
}

/** What makes something that starts, by how it is packaged. */
const TASKS: Readonly<Record<GradleApplication["packaging"], string>> = {
  "spring-boot": "bootJar",
  quarkus: "quarkusBuild",
  "one jar": "shadowJar",
  war: "war",
  "class path": "installDist",
};

function layoutOf(source: Source, settings: Settings, application: GradleApplication): Layout {
  const { directory, packaging, mainClass, modules } = application;
  const built = posix.join("/app", directory, "build");
  const line = settings.startCommand ?? readProcfile(source).get("web");
  if (line !== undefined && /\bbuild\//.test(line)) {
    const target = posix.join("app", directory, "build");
    return {
      commands: [],
      copies: [{ from: "build", source: built, target, include: ["libs", "install", "quarkus-app"] }],
      command: undefined,
    };
  }
  const own = ["*-SNAPSHOT.jar", ...modules.flatMap((name) => [`${name}.jar`, `${name}-*.jar`])];
  if (packaging === "quarkus") return quarkus(built);
  if (packaging === "war") return inTomcat(largest(`${built}/libs`, "war"), own);
  if (packaging === "one jar") return oneJar(largest(`${built}/libs`, "jar"));
  if (packaging === "class path") return installed(built, mainClass, own);
  return springBoot(largest(`${built}/libs`, "jar"), "BOOT-INF", own);
}

/** The application plugin's directory: jars in lib, whose order is in the script that starts them. */
function installed(built: string, mainClass: string | undefined, own: readonly string[]): Layout {
  if (mainClass === undefined) return { commands: [], copies: [], command: undefined };
  const order = `$(sed -n 's/^CLASSPATH=//p' ${built}/install/*/bin/* | grep APP_HOME | head -n 1 | sed 's/"//g; s:\\$APP_HOME/:/app/:g')`;
  return {
    commands: [
      `mkdir -p ${LAID_OUT} && cp -R ${built}/install/*/lib ${DEPENDENCIES}`,
      ...takeOwn(`${LAID_OUT}/lib`, own),
      writeLaunch(order, mainClass),
    ],
    copies: [
      { from: "build", source: DEPENDENCIES, target: "app/lib" },
      { from: "build", source: LAID_OUT, target: "app" },
    ],
    command: LAUNCH,
  };
}
