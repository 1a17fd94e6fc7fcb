import type { PlanCopy, PlanStep } from "../../plan/plan.ts";
import type { Settings } from "../provider.ts";
import type { Source } from "../../project/source.ts";
import { chooseVersion } from "../../versions/choose.ts";

/** Debian's JDKs, the default first, and the release that has each where the host's own may not. */
const JDKS = { "17": "", "21": ":trixie", "25": ":trixie" } as const;
export type JdkVersion = keyof typeof JDKS;

/** Where the Java of the image is. */
const JAVA_HOME = "/opt/java";
/** Where a step makes what the image gets as its root. */
const IMAGE = "/opt/image";

/** Sources are in UTF-8 whatever the compiler would take from its surroundings. */
export const BUILD_ENVIRONMENT = { LANG: "C.UTF-8" } as const;

/** What lies under the application, and how that is made. */
export interface Runtime {
  readonly root: readonly string[];
  readonly steps: Readonly<Record<string, PlanStep>>;
  readonly copies: readonly PlanCopy[];
  readonly environment: Readonly<Record<string, string>>;
}

/** `VERSION_UNAVAILABLE` */
export function chooseJdk(source: Source, settings: Settings): JdkVersion {
  return chooseVersion(source, settings, "java", ["17", "21", "25"]);
}

/** The root of a step that compiles: the JDK, what else is named, and what builds expect to be there. */
export function jdkRoot(version: JdkVersion, ...others: readonly string[]): string {
  const packages = [
    `openjdk-${version}-jdk-headless`,
    ...others,
    "ca-certificates-java",
    "dash",
    "coreutils",
    "findutils",
    "git",
    "grep",
    "sed",
    "strip-nondeterminism",
  ];
  return `apt:${packages.join("/")}${JDKS[version]}`;
}

/**
 * By default a Java of its own that jlink makes: all modules that a program may ask for, without the
 * JDK's tools. Which modules does not depend on the application, so that all images of one JDK share
 * the layer. The settings: JAVA_MODULES names modules, JAVA_RUNTIME=jre takes Debian's package.
 */
export function runtimeOf(version: JdkVersion, settings: Settings, pictures: "draws" | "none"): Runtime {
  const suffix = JDKS[version];
  const drawing = pictures === "draws" ? DRAWING_PACKAGES : [];
  if (settings.variables["JAVA_RUNTIME"] === "jre") {
    const root = [`openjdk-${version}-jre-headless`, ...drawing.filter((name) => name.startsWith("fonts-"))];
    return { root: [`apt:${root.join("/")}${suffix}`], steps: {}, copies: [], environment: {} };
  }
  const modules = settings.variables["JAVA_MODULES"] ?? modulesOf(version).join(",");
  return {
    root: [
      `apt:${["base-files", "libc-bin", "libstdc++6", "zlib1g", ...drawing, "+nobase"].join("/")}${suffix}`,
    ],
    steps: {
      runtime: {
        root: [jdkRoot(version)],
        commands: [
          [
            // The plugin writes sets in an order that changes from run to run.
            `jlink --add-modules ${modules} --no-header-files --no-man-pages --disable-plugin system-modules --output ${IMAGE}${JAVA_HOME}`,
            `cp /etc/ssl/certs/java/cacerts ${IMAGE}${JAVA_HOME}/lib/security/cacerts`,
            // Java asks who it is: a user without a name has no user.home.
            `mkdir ${IMAGE}/etc`,
            `echo 'nonroot:x:65532:65532:nonroot:/tmp:/sbin/nologin' > ${IMAGE}/etc/passwd`,
            `echo 'nonroot:x:65532:' > ${IMAGE}/etc/group`,
          ].join("\n"),
        ],
        directory: "/",
      },
    },
    copies: [{ from: "runtime", source: IMAGE, target: "." }],
    environment: { LANG: "C.UTF-8", JAVA_HOME, PATH: `${JAVA_HOME}/bin:/usr/local/bin:/usr/bin:/bin` },
  };
}

/** Java SE, and the modules of the JDK that serve programs: protocols, ciphers, charsets, locales, profiling. */
const MODULES = [
  "java.se",
  "jdk.accessibility",
  "jdk.charsets",
  "jdk.crypto.cryptoki",
  "jdk.crypto.ec",
  "jdk.dynalink",
  "jdk.httpserver",
  "jdk.jdwp.agent",
  "jdk.jfr",
  "jdk.localedata",
  "jdk.management",
  "jdk.management.agent",
  "jdk.management.jfr",
  "jdk.naming.dns",
  "jdk.naming.rmi",
  "jdk.net",
  "jdk.nio.mapmode",
  "jdk.sctp",
  "jdk.security.auth",
  "jdk.security.jgss",
  "jdk.unsupported",
  "jdk.xml.dom",
  "jdk.zipfs",
] as const;

/** The generators of jdk.random are part of java.base since 22. */
function modulesOf(version: JdkVersion): readonly string[] {
  return version === "25" ? MODULES : [...MODULES, "jdk.random"];
}

/** What java.desktop opens when it draws. */
const DRAWING_PACKAGES = [
  "fonts-dejavu-core",
  "libfontconfig1",
  "libfreetype6",
  "libharfbuzz0b",
  "libjpeg62-turbo",
  "liblcms2-2",
] as const;
