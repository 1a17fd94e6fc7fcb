import { same } from "../../distribution/names.ts";
import type { PlanStep } from "../../plan/plan.ts";
import { buildEnvironment, type Jdk, jdkRoot } from "./jdk.ts";

/** What every step that calls Maven has in common. */
export const MAVEN_STEP = {
  caches: [{ id: "maven", target: "/root/.m2/repository", sharing: "locked" as const }],
  network: "host" as const,
  configuration: ["maven" as const, "certificates" as const],
};

/** How a line calls Maven. */
export const MAVEN =
  "mvn --batch-mode --no-transfer-progress ${COOPER_MAVEN_SETTINGS:+--settings $COOPER_MAVEN_SETTINGS} -Dmaven.repo.local=/root/.m2/repository -Dstyle.color=never";
export const DEPENDENCY_PLUGIN = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1";

/** The distribution's Maven fetches an archive, as an artifact from where the host's settings say, and unpacks it. */
export function unpackStep(jdk: Jdk, artifact: string, directory: string): PlanStep {
  return {
    ...MAVEN_STEP,
    root: [jdkRoot(jdk, same("maven"))],
    ...(jdk.from.ecosystem === "apk" ? { environment: buildEnvironment(jdk) } : {}),
    directory: "/",
    commands: [`${MAVEN} ${DEPENDENCY_PLUGIN}:unpack -Dartifact=${artifact} -DoutputDirectory=${directory}`],
  };
}
