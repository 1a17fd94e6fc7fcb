/** One of Node's package managers, and how it is told what to do. */
export interface PackageManager {
  readonly name: "npm" | "pnpm" | "yarn" | "berry" | "bun";
  /** The package of npm's registry that it comes in, as a reference names it: `pnpm=10.2.0`. */
  readonly package: string;
  /**
   * Programs that a script of its package would have put in place, which does not run, by the names that
   * they are called by: paths, or patterns of a shell, in node_modules. Its own commands are there anyway.
   */
  readonly programs: Readonly<Record<string, string>>;
  /** Where it keeps what it fetched, for the builds that come. */
  readonly cache: Cache;
  /** What its commands and the scripts that it runs are to see. */
  readonly environment: Readonly<Record<string, string>>;
  /** Its lock and configuration, as patterns: what an install reads besides package.json. */
  readonly files: readonly string[];
  /** Whether the source has its lock, which is then followed to the letter. */
  readonly lock: "followed" | "missing";
  /** Everything that building needs. */
  readonly installAll: string;
  /** What running needs, into a tree that has nothing yet; of one workspace with what it uses. */
  installProduction(workspace: Member | undefined): string;
  /** What running needs, out of a tree that has everything. */
  prune(workspace: Member | undefined): string;
  run(script: string): string;
  /** Where it links the commands of packages that a workspace uses. */
  commandsOf(directory: string): string;
  /** What it writes into node_modules that differs from run to run, and that nothing at run time reads. */
  readonly leavings: readonly string[];
}

export interface Cache {
  readonly id: string;
  readonly target: string;
  readonly sharing: "shared" | "locked" | "private";
}

/** A package of a workspace. */
export interface Member {
  readonly name: string;
  /** In the source; `""` is its root. */
  readonly directory: string;
}
