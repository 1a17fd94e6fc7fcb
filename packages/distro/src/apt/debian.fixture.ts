import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Solution, SolvedPackage } from "../ecosystem/solution.ts";
import { BASE_PACKAGES } from "./install/base-packages.ts";

const run = promisify(execFile);

/** Real packages, and the set that apt chose. */
export interface DebianPackages {
  /** The directory that the files are in. */
  readonly directory: string;
  readonly solution: Solution;
}

/**
 * Packages of this machine's own Debian mirror with all that they need, as apt itself chooses for an empty
 * system; kept between runs. A sentence for a loud skip where there is no apt-get or it gets nothing.
 */
export async function debianPackages(requests: readonly string[]): Promise<DebianPackages | string> {
  const root = join(tmpdir(), "cooper-debian");
  const directory = join(root, "archives");
  await mkdir(join(directory, "partial"), { recursive: true });
  await writeFile(join(root, "status"), "");
  const settings = [
    `Dir::State::status=${join(root, "status")}`,
    `Dir::Cache::archives=${directory}`,
    "Debug::NoLocking=1",
    "APT::Sandbox::User=root",
  ];
  const options = ["--no-install-recommends", "-y", ...settings.flatMap((setting) => ["-o", setting])];
  const wanted = [...new Set([...BASE_PACKAGES, ...requests])];
  try {
    await run("apt-get", [...options, "--download-only", "install", ...wanted]);
    const { stdout } = await run("apt-get", [...options, "--simulate", "install", ...wanted]);
    const chosen = [...stdout.matchAll(/^Inst (\S+) \((\S+) .*\[(\S+)\]\)/gm)];
    const files = new Set(await readdir(directory));
    const packages: SolvedPackage[] = [];
    for (const [, name = "", version = "", architecture = ""] of chosen) {
      const file = `${name.replace(/:.*/, "")}_${version.replaceAll(":", "%3a")}_${architecture}.deb`;
      if (!files.has(file)) throw new Error(`apt-get did not get ${file}`);
      // oxlint-disable-next-line no-await-in-loop
      packages.push(await solvedPackage(directory, file, { name, version, architecture }));
    }
    return { directory, solution: solutionOf(packages, requests) };
  } catch (error) {
    return `SKIPPED: apt-get gets no packages from this machine's mirror: ${String(error).slice(0, 300)}`;
  }
}

/** A solution as `solve` gives it, of files in one directory. */
export function solutionOf(packages: readonly SolvedPackage[], requests: readonly string[]): Solution {
  return {
    ecosystem: "apt",
    platform: { os: "linux", architecture: "amd64" },
    request: { packages: requests },
    repositories: [{ path: "archives", index: "", signedBy: [] }],
    packages,
  };
}

export async function solvedPackage(
  directory: string,
  file: string,
  { name, version, architecture }: Pick<SolvedPackage, "name" | "version" | "architecture">,
): Promise<SolvedPackage> {
  const path = join(directory, file);
  const digest = createHash("sha256")
    .update(await readFile(path))
    .digest("hex");
  return {
    name,
    version,
    architecture,
    origin: name,
    originVersion: version,
    size: (await stat(path)).size,
    installedSize: 0,
    reason: "asked for",
    repository: 0,
    path: file,
    checksum: `sha256:${digest}`,
    license: "",
    description: "",
    homepage: "",
  };
}
