import type { Source } from "../project/source.ts";
import { asdf, field, firstLine, matching, mise, type Place, tomlField } from "./places.ts";

/** The tools whose versions projects ask for. */
export type ToolName = keyof typeof TOOLS;

export interface Tool {
  /** As its makers write it. */
  readonly title: string;
  /** The setting that comes before every file. */
  readonly variable: string;
  /** In the order in which they are asked: what is for this tool alone, what is for all, what only bounds it. */
  readonly places: readonly Place[];
  /** What its versions begin with that is no part of them; default: a `v`. */
  readonly prefix?: RegExp;
  /** Versions that have names. */
  readonly names?: Readonly<Record<string, string>>;
}

/** Node's lines with long-term support, by the name that `lts/NAME` has. */
const NODE_LINES = {
  "lts/argon": "4",
  "lts/boron": "6",
  "lts/carbon": "8",
  "lts/dubnium": "10",
  "lts/erbium": "12",
  "lts/fermium": "14",
  "lts/gallium": "16",
  "lts/hydrogen": "18",
  "lts/iron": "20",
  "lts/jod": "22",
  "lts/krypton": "24",
} as const;

export const TOOLS = {
  node: {
    title: "Node",
    variable: "NODE_VERSION",
    places: [
      field("package.json", "engines", "node"),
      firstLine(".nvmrc"),
      firstLine(".node-version"),
      ...shared("nodejs", "node"),
    ],
    prefix: /^(node-?v?|v)(?=\d)/,
    names: NODE_LINES,
  },
  bun: {
    title: "Bun",
    variable: "BUN_VERSION",
    places: [
      firstLine(".bun-version"),
      matching("package.json", /"packageManager"\s*:\s*"bun@([^"+]+)/),
      field("package.json", "engines", "bun"),
      ...shared("bun"),
    ],
    prefix: /^(bun-)?v(?=\d)/,
  },
  deno: {
    title: "Deno",
    variable: "DENO_VERSION",
    places: [
      firstLine(".deno-version"),
      firstLine(".dvmrc"),
      ...shared("deno"),
      field("package.json", "engines", "deno"),
    ],
  },
  python: {
    title: "Python",
    variable: "PYTHON_VERSION",
    places: [
      firstLine(".python-version"),
      matching("runtime.txt", /^python-(\S+)/m),
      ...shared("python"),
      tomlField("Pipfile", "requires", "python_full_version"),
      tomlField("Pipfile", "requires", "python_version"),
      tomlField("pyproject.toml", "project", "requires-python"),
      tomlField("pyproject.toml", "tool", "poetry", "dependencies", "python"),
      tomlField("pylock.toml", "requires-python"),
    ],
    prefix: /^(c?python@?-?|v)(?=\d)/,
  },
  ruby: {
    title: "Ruby",
    variable: "RUBY_VERSION",
    places: [
      firstLine(".ruby-version"),
      ...shared("ruby"),
      matching("Gemfile", /^\s*ruby\s+["']([^"']+)["']/m),
    ],
    prefix: /^(ruby-|v)(?=\d)/,
  },
  php: {
    title: "PHP",
    variable: "PHP_VERSION",
    places: [firstLine(".php-version"), ...shared("php"), field("composer.json", "require", "php")],
  },
  go: {
    title: "Go",
    variable: "GO_VERSION",
    places: [
      firstLine(".go-version"),
      ...shared("golang", "go"),
      atLeast("go.work", /^toolchain\s+go(\d\S*)/m),
      atLeast("go.mod", /^toolchain\s+go(\d\S*)/m),
      atLeast("go.work", /^go\s+(\d\S*)/m),
      atLeast("go.mod", /^go\s+(\d\S*)/m),
    ],
    prefix: /^(go|v)(?=\d)/,
  },
  rust: {
    title: "Rust",
    variable: "RUST_VERSION",
    places: [
      tomlField("rust-toolchain.toml", "toolchain", "channel"),
      { path: "rust-toolchain", read: rustToolchain },
      ...shared("rust"),
      atLeast("Cargo.toml", /^rust-version\s*=\s*["']([^"']+)["']/m),
    ],
  },
  java: {
    title: "Java",
    variable: "JAVA_VERSION",
    places: [
      firstLine(".java-version"),
      matching(".sdkmanrc", /^\s*java\s*=\s*(\d[\d.]*)/m),
      matching("system.properties", /^\s*java\.runtime\.version\s*[=:]\s*(\S+)/m),
      ...shared("java"),
      atLeast("pom.xml", /<(?:maven\.compiler\.release|java\.version|release)>\s*([\d.]+)\s*</),
      atLeast("pom.xml", /<(?:maven\.compiler\.)?(?:target|source)>\s*([\d.]+)\s*</),
      atLeast("pom.xml", /<(?:kotlin\.compiler\.)?jvmTarget>\s*([\d.]+)\s*</),
      atLeast("build.gradle", /JavaLanguageVersion\.of\((\d+)\)/),
      atLeast("build.gradle.kts", /(?:JavaLanguageVersion\.of|jvmToolchain)\((\d+)\)/),
    ],
    // asdf and mise put who made it before it; 1.8 is how Java 8 called itself.
    prefix: /^(?:[a-z][a-z.-]*-|v)?(?:1\.(?=[5-8]\b))?(?=\d)|(?<=^>=)1\.(?=[5-8]\b)/,
  },
  maven: {
    title: "Maven",
    variable: "MAVEN_VERSION",
    places: [
      matching(".mvn/wrapper/maven-wrapper.properties", /^distributionUrl=.*apache-maven-(.+)-bin\./m),
      matching(".sdkmanrc", /^\s*maven\s*=\s*(\S+)/m),
      ...shared("maven"),
    ],
  },
  gradle: {
    title: "Gradle",
    variable: "GRADLE_VERSION",
    places: [
      matching("gradle/wrapper/gradle-wrapper.properties", /^distributionUrl=.*gradle-([\d.]+)-/m),
      matching(".sdkmanrc", /^\s*gradle\s*=\s*(\S+)/m),
      ...shared("gradle"),
    ],
  },
  elixir: {
    title: "Elixir",
    variable: "ELIXIR_VERSION",
    places: [firstLine(".elixir-version"), ...shared("elixir"), matching("mix.exs", /\belixir:\s*"([^"]+)"/)],
  },
  erlang: { title: "Erlang", variable: "ERLANG_VERSION", places: shared("erlang") },
  dotnet: {
    title: ".NET",
    variable: "DOTNET_VERSION",
    places: [field("global.json", "sdk", "version"), ...shared("dotnet", "dotnet-core")],
  },
} as const satisfies Readonly<Record<string, Tool>>;

/** The files that name versions of many tools, by what asdf and mise call this one. */
function shared(...names: readonly string[]): readonly Place[] {
  return [asdf(names), mise("mise.toml", names), mise(".mise.toml", names)];
}

/** A file that says the oldest version that will do. */
function atLeast(path: string, pattern: RegExp): Place {
  return matching(path, pattern, ">=");
}

/** Of old one word, now TOML under either name. */
function rustToolchain(source: Source): string | undefined {
  const text = source.text("rust-toolchain") ?? "";
  return text.includes("[toolchain]") ? /channel\s*=\s*["']([^"']+)["']/.exec(text)?.[1] : text;
}
