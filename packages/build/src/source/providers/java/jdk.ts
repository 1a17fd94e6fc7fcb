import { distributionOf, packagesUnavailable } from "../../distribution/distribution.ts";
import { named, type Names, type Need } from "../../distribution/names.ts";
import { referenceTo } from "../../distribution/reference.ts";
import type { PlanCopy, PlanStep } from "../../plan/plan.ts";
import type { Settings } from "../provider.ts";
import type { Source } from "../../project/source.ts";
import { chooseRelease, type Chosen, type Offers } from "../../versions/choose-release.ts";

/** JDKs by version, the default first, and the release that has each where the host's own may not. */
const OFFERS: Offers = {
  apt: [{ version: "17" }, { version: "21", release: "trixie" }, { version: "25", release: "trixie" }],
  apk: [
    { version: "17", release: "3.22" },
    { version: "21", release: "3.22" },
  ],
  nix: [{ version: "17" }, { version: "21" }],
};
/** A version of the JDK, and the distribution that it comes from. */
export type Jdk = Chosen;

/** Where the Java of the image is. */
const JAVA_HOME = "/opt/java";
/** Where a step makes what the image gets as its root. */
const IMAGE = "/opt/image";

/** Where commands of the JDK are looked for: Alpine's links to them would be made when it is installed. */
function programsOf({ version, from }: Jdk): string {
  return from.ecosystem === "apk" ? `${alpineHome(version)}/bin:` : "";
}

function alpineHome(version: string): string {
  return `/usr/lib/jvm/java-${version}-openjdk`;
}

/** Sources are in UTF-8 whatever the compiler would take from its surroundings; `first` comes before all programs. */
export function buildEnvironment(jdk: Jdk, first = ""): Readonly<Record<string, string>> {
  const programs = `${first}${programsOf(jdk)}`;
  return {
    LANG: "C.UTF-8",
    ...(jdk.from.ecosystem === "apk" ? { JAVA_HOME: alpineHome(jdk.version) } : {}),
    ...(programs === "" ? {} : { PATH: `${programs}/usr/local/bin:/usr/bin:/bin` }),
  };
}

/** What makes the key store that the image gets, where no package has it: Alpine's has what makes it. */
function trustLines({ from }: Jdk): readonly string[] {
  if (from.ecosystem !== "apk") return [];
  const trust = "trust extract --overwrite --format=java-cacerts --filter=ca-anchors --purpose=server-auth";
  return ["mkdir -p /etc/ssl/certs/java", `${trust} ${KEY_STORE}`];
}

/** Where distributions have the certificate authorities for Java. */
const KEY_STORE = "/etc/ssl/certs/java/cacerts";

/** What lies under the application, and how that is made. */
export interface Runtime {
  readonly root: readonly string[];
  readonly steps: Readonly<Record<string, PlanStep>>;
  readonly copies: readonly PlanCopy[];
  readonly environment: Readonly<Record<string, string>>;
}

/** `VERSION_UNAVAILABLE` */
export function chooseJdk(source: Source, settings: Settings): Jdk {
  return chooseRelease(source, settings, "java", OFFERS, distributionOf(settings));
}

/** The root of a step that compiles: the JDK, what else is named, and what builds expect to be there. */
export function jdkRoot(jdk: Jdk, ...others: readonly Need[]): string {
  return referenceTo(jdk.from, [
    jdkOf(jdk),
    ...others,
    TRUST,
    "shell",
    "coreutils",
    "findutils",
    "git",
    "grep",
    "sed",
    NORMALISER,
  ]);
}

function jdkOf({ version }: Jdk): Names {
  return named(`openjdk-${version}-jdk-headless`, `openjdk${version}-jdk`, `jdk${version}_headless`);
}

/** What makes a key store of certificate authorities; nixpkgs' Java has one. */
const TRUST = named("ca-certificates-java", "ca-certificates-bundle p11-kit-trust", "");
/** What takes times out of jars. Alpine has nothing that does. */
const NORMALISER = named("strip-nondeterminism", "", "strip-nondeterminism");

/**
 * By default a Java of its own that jlink makes: all modules that a program may ask for, without the
 * JDK's tools. Which modules does not depend on the application, so that all images of one JDK share
 * the layer. The settings: JAVA_MODULES names modules, JAVA_RUNTIME=jre takes Debian's package.
 */
export function runtimeOf(jdk: Jdk, settings: Settings, pictures: "draws" | "none"): Runtime {
  const { version, from } = jdk;
  const drawing = pictures === "draws" ? DRAWING : [];
  // What jlink makes of nixpkgs' Java still wants all of it.
  const wantsJre = settings.variables["JAVA_RUNTIME"] === "jre";
  if (wantsJre && from.ecosystem === "apk") {
    throw packagesUnavailable(
      from,
      "a JRE that knows certificate authorities without being installed",
      "java",
    );
  }
  if (wantsJre || from.ecosystem === "nix") {
    const jre = named(`openjdk-${version}-jre-headless`, undefined, `jdk${version}_headless`);
    const fonts = pictures === "draws" ? [FONTS] : [];
    const root = [referenceTo(from, [jre, ...fonts])];
    return { root, steps: {}, copies: [], environment: {} };
  }
  const modules = settings.variables["JAVA_MODULES"] ?? modulesOf(version).join(",");
  return {
    root: [
      referenceTo(from, [
        "base",
        "library cache",
        "C++ library",
        named("zlib1g", "zlib", ""),
        ...drawing,
        "alone",
      ]),
    ],
    steps: {
      runtime: {
        root: [jdkRoot(jdk)],
        commands: [
          [
            ...trustLines(jdk),
            // The plugin writes sets in an order that changes from run to run.
            `jlink --add-modules ${modules} --no-header-files --no-man-pages --disable-plugin system-modules --output ${IMAGE}${JAVA_HOME}`,
            `cp ${KEY_STORE} ${IMAGE}${JAVA_HOME}/lib/security/cacerts`,
            // Java asks who it is: a user without a name has no user.home.
            `mkdir ${IMAGE}/etc`,
            `echo 'nonroot:x:65532:65532:nonroot:/tmp:/sbin/nologin' > ${IMAGE}/etc/passwd`,
            `echo 'nonroot:x:65532:' > ${IMAGE}/etc/group`,
          ].join("\n"),
        ],
        ...(from.ecosystem === "apk" ? { environment: buildEnvironment(jdk) } : {}),
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
function modulesOf(version: string): readonly string[] {
  return version === "25" ? MODULES : [...MODULES, "jdk.random"];
}

const FONTS = named("fonts-dejavu-core", "font-dejavu", "dejavu_fonts");

/** What java.desktop opens when it draws. */
const DRAWING: readonly Need[] = [
  FONTS,
  named("libfontconfig1", "fontconfig", undefined),
  named("libfreetype6", "freetype", undefined),
  named("libharfbuzz0b", "harfbuzz", undefined),
  named("libjpeg62-turbo", "libjpeg-turbo", undefined),
  named("liblcms2-2", "lcms2", undefined),
];
