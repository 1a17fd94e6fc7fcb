import type { Distribution } from "../../distribution/distribution.ts";
import { finishPlan } from "../../plan/finish-plan.ts";
import type { Plan, PlanCopy, PlanStep } from "../../plan/plan.ts";
import type { Settings } from "../provider.ts";
import type { Source } from "../../project/source.ts";
import { portVariables } from "./framework.ts";
import type { Runtime } from "./jdk.ts";

/** What the image's Java is told besides the application's own words. */
export const JAVA_FLAGS = [
  // Of the memory that the container may have; Java's own default is a quarter.
  "-XX:MaxRAMPercentage=75",
  // An application without memory is started anew by whoever runs the container.
  "-XX:+ExitOnOutOfMemoryError",
] as const;

/** How a built application lies in its step and in the image. */
export interface Layout {
  /** What puts it there once it is built. */
  readonly commands: readonly string[];
  /** Dependencies first, then what changes with the code. */
  readonly copies: readonly PlanCopy[];
  /** Undefined where nothing says what to start. */
  readonly command: readonly string[] | undefined;
}

/** What a build came to, whichever tool made it. */
export interface Built {
  readonly from: Distribution;
  /** The step `build` and those that it takes from. */
  readonly steps: Readonly<Record<string, PlanStep>>;
  readonly runtime: Runtime;
  readonly layout: Layout;
  /** `group:artifact` of what the application depends on. */
  readonly dependencies: readonly string[];
}

/** Java under what was built, which listens where PORT says. */
export function planBuilt(built: Built, source: Source, settings: Settings): Plan {
  const { from, steps, runtime, layout, dependencies } = built;
  return finishPlan(
    {
      name: "java",
      from,
      steps: { ...runtime.steps, ...steps },
      deploy: {
        root: [...runtime.root],
        copies: [...runtime.copies, ...layout.copies],
        start: layout.command,
        environment: { ...runtime.environment, PORT: "8080", ...portVariables(dependencies) },
        ports: [8080],
      },
    },
    source,
    settings,
  );
}

/** Lines that build, and those that lay out what came of it. */
export function buildLines(line: string, layout: Layout): readonly string[] {
  return layout.commands.length === 0 ? [line] : [line, layout.commands.join("\n")];
}

/** Where a step lays out what the image gets as /app. */
export const LAID_OUT = "/opt/application";
/** Where it puts the jars that the application needs and that others made. */
export const DEPENDENCIES = "/opt/dependencies";

/** A file of arguments that the step writes, as only the built application says its class and its order. */
export const LAUNCH = ["java", ...JAVA_FLAGS, "@/app/launch"] as const;

/** A line that writes that file: the class path, and a class or what gives one. */
export function writeLaunch(classPath: string, mainClass: string): string {
  return `printf -- '-cp\\n%s\\n%s\\n' "${classPath}" "${mainClass}" > ${LAID_OUT}/launch`;
}

/** One jar with all in it, of which nothing is known but that it can be started. */
export function oneJar(jar: string): Layout {
  return {
    commands: [
      `mkdir -p ${LAID_OUT}`,
      `cp "${jar}" ${LAID_OUT}/application.jar`,
      normalise(`${LAID_OUT}/*.jar`),
    ],
    copies: [{ from: "build", source: LAID_OUT, target: "app" }],
    command: ["java", ...JAVA_FLAGS, "-jar", "/app/application.jar"],
  };
}

/** Quarkus lays itself out below the directory of what was built: dependencies in lib, and the rest. */
export function quarkus(directory: string): Layout {
  const built = `${directory}/quarkus-app`;
  return {
    commands: [normalise(`${built}/*.jar ${built}/app/*.jar ${built}/quarkus/*.jar`)],
    copies: [
      { from: "build", source: `${built}/lib`, target: "app/lib" },
      { from: "build", source: built, target: "app", exclude: ["lib"] },
    ],
    command: ["java", ...JAVA_FLAGS, "-jar", "/app/quarkus-run.jar"],
  };
}

/** The largest jar or war of a directory: beside it lie only its sources, its tests, and it without its dependencies. */
export function largest(directory: string, extension: "jar" | "war"): string {
  return `$(ls -S ${directory}/*.${extension} | grep -Ev -- '-(sources|javadoc|tests|plain)\\.jar$' | head -n 1)`;
}

/** Takes the times and orders out of jars that differ from build to build. */
const NORMALISER = "strip-nondeterminism";

/**
 * A layout where Alpine's packages make it, of which none takes times out of jars: there they are as the
 * build wrote them, which is the same every time where its plugins heed `outputTimestamp`.
 */
export function layoutOn({ ecosystem }: Distribution, layout: Layout): Layout {
  if (ecosystem !== "apk") return layout;
  return { ...layout, commands: layout.commands.filter((line) => !line.includes(NORMALISER)) };
}

function normalise(jars: string): string {
  return `${NORMALISER} --timestamp "$SOURCE_DATE_EPOCH" ${jars}`;
}

/**
 * Spring Boot's jar or war, taken apart as its own loader takes it: dependencies, loader and
 * application. `own` are patterns of jars that change with the code.
 */
export function springBoot(archive: string, inside: "BOOT-INF" | "WEB-INF", own: readonly string[]): Layout {
  const library = `${inside}/lib`;
  const loader = "org/springframework/boot/loader";
  return {
    commands: [
      `mkdir -p ${LAID_OUT} && archive=$(realpath "${archive}") && cd ${LAID_OUT} && jar --extract --file "$archive"`,
      `mv ${LAID_OUT}/${library} ${DEPENDENCIES}`,
      ...takeOwn(`${LAID_OUT}/${library}`, own),
      writeLaunch("/app", `$(sed -n 's/^Main-Class: *//p' ${LAID_OUT}/META-INF/MANIFEST.MF | tr -d '\\r')`),
    ],
    copies: [
      { from: "build", source: DEPENDENCIES, target: `app/${library}` },
      { from: "build", source: `${LAID_OUT}/${loader}`, target: `app/${loader}` },
      { from: "build", source: LAID_OUT, target: "app", exclude: [loader] },
    ],
    command: LAUNCH,
  };
}

/**
 * Moves the jars that change with the code from among the dependencies to the application, and makes
 * them the same in every build: what was fetched is as it was, what was built has times in it.
 */
export function takeOwn(library: string, own: readonly string[]): readonly string[] {
  const names = own.map((pattern) => `-name '${pattern}'`).join(" -o ");
  return [
    `mkdir -p ${library} && find ${DEPENDENCIES} \\( ${names} \\) -exec mv -t ${library} {} +`,
    `find ${library} -name '*.jar' -exec ${NORMALISER} --timestamp "$SOURCE_DATE_EPOCH" {} +`,
  ];
}
