import { ECOSYSTEMS } from "../../distribution/distribution.ts";
import type { Provider } from "../provider.ts";
import { planGradle } from "./gradle.ts";
import { planMaven } from "./maven.ts";

const MAVEN = ["pom.xml"] as const;
const GRADLE = ["build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts"] as const;

/** Java and Kotlin, built by Maven or, where there is no pom.xml, by Gradle. */
export const java: Provider = {
  name: "java",
  ecosystems: ECOSYSTEMS,
  detect: (source) => [...MAVEN, ...GRADLE].find((path) => source.has(path)),
  plan: (source, settings) =>
    source.has("pom.xml") ? planMaven(source, settings) : planGradle(source, settings),
};
