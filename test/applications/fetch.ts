import { cpSync, globSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, join } from "node:path";
import { run } from "@cooper/test";

/** A published application, of whoever publishes such ones. */
export interface Published {
  readonly package: string;
  readonly version: string;
}

/**
 * How the source of a published application comes, by the ordinary client of its ecosystem as this
 * machine has it configured: into a directory that is empty, from a directory for what is on the way.
 */
export const FETCHERS = {
  crates: async ({ package: name, version }, directory) => {
    await run("cargo", ["info", "--quiet", `${name}@${version}`], { cwd: "/" });
    const home = process.env["CARGO_HOME"] ?? join(homedir(), ".cargo");
    const [archive] = globSync(join(home, "registry/cache/*", `${name}-${version}.crate`));
    if (archive === undefined) throw new Error(`cargo info has kept no ${name}-${version}.crate`);
    await unpack(archive, directory);
  },
  debian: async ({ package: name, version }, directory, scratch) => {
    const options = sourcesOnly(scratch);
    await run("apt-get", [...options, "update"]);
    await run("apt-get", [...options, "source", "--download-only", `${name}=${version}`], { cwd: scratch });
    const [description = ""] = globSync(join(scratch, "*.dsc"));
    await run("dpkg-source", ["--no-check", "--extract", description, join(scratch, "unpacked")]);
    cpSync(join(scratch, "unpacked"), directory, { recursive: true, verbatimSymlinks: true });
  },
  go: async ({ package: name, version }, directory, scratch) => {
    const module = `${name}@${version}`;
    await run("go", ["mod", "download", module], { cwd: scratch });
    const place = (await run("go", ["list", "-m", "-f", "{{.Dir}}", module], { cwd: scratch })).stdout.trim();
    await run("cp", ["-r", "--no-preserve=mode", `${place}/.`, directory]);
  },
  maven: async ({ package: name, version }, directory, scratch) => {
    const artifact = `-Dartifact=${name}:${version}`;
    await maven("copy", `${artifact}:pom`, `-DoutputDirectory=${scratch}`);
    const [pom = ""] = globSync(join(scratch, "*.pom"));
    cpSync(pom, join(directory, "pom.xml"));
    // An archive of sources has all in one directory; in a project the code lies apart.
    for (const [place, which] of [
      ["java", "includes"],
      ["resources", "excludes"],
    ] as const) {
      const into = `-DoutputDirectory=${join(directory, "src/main", place)}`;
      // oxlint-disable-next-line no-await-in-loop -- two Mavens would lock each other out
      await maven("unpack", `${artifact}:jar:sources`, into, `-Dmdep.unpack.${which}=**/*.java`);
    }
  },
  npm: async ({ package: name, version }, directory, scratch) => {
    await run("npm", ["pack", `${name}@${version}`, "--silent", "--pack-destination", scratch]);
    await unpackOnly(scratch, directory);
  },
  pypi: async ({ package: name, version }, directory, scratch) => {
    const flags = ["--quiet", "--no-deps", "--no-binary", ":all:", "--dest", scratch];
    await run("python3", ["-m", "pip", "download", ...flags, `${name}==${version}`]);
    await unpackOnly(scratch, directory);
  },
} as const satisfies Record<
  string,
  (application: Published, directory: string, scratch: string) => Promise<void>
>;

export type Ecosystem = keyof typeof FETCHERS;

async function maven(goal: "copy" | "unpack", ...flags: readonly string[]): Promise<void> {
  const plugin = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1";
  await run("mvn", ["--batch-mode", "--quiet", `${plugin}:${goal}`, ...flags], { cwd: "/" });
}

/** Unpacks the only archive of a directory, without the one directory that all in it lies in. */
async function unpackOnly(from: string, into: string): Promise<void> {
  const [archive = ""] = readdirSync(from);
  await unpack(join(from, archive), into);
}

async function unpack(archive: string, into: string): Promise<void> {
  await run("tar", ["-xf", archive, "-C", into, "--strip-components=1", "--no-same-owner"]);
}

/** Flags with which apt-get looks at nothing but the sources of what this machine's own lists have. */
function sourcesOnly(scratch: string): readonly string[] {
  const place = (...parts: readonly string[]): string => {
    const directory = join(scratch, ...parts);
    mkdirSync(directory, { recursive: true });
    return directory;
  };
  const own = globSync("/etc/apt/{sources.list,sources.list.d/*.{list,sources}}");
  const parts = place("apt", "parts");
  for (const path of own) {
    const text = readFileSync(path, "utf8").replace(/^(Types:\s*)?deb(?=\s|$)/gm, "$1deb-src");
    const name = basename(path) === "sources.list" ? "sources.list.list" : basename(path);
    writeFileSync(join(parts, name), text);
  }
  const settings = {
    "Dir::Etc::sourcelist": "/dev/null",
    "Dir::Etc::sourceparts": parts,
    "Dir::State::lists": place("apt", "lists"),
    "Dir::Cache": place("apt", "cache"),
    "APT::Sandbox::User": "root",
  };
  return Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]);
}
