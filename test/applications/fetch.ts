import { readdirSync } from "node:fs";
import { join } from "node:path";
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
  npm: async ({ package: name, version }, directory, scratch) => {
    await run("npm", ["pack", `${name}@${version}`, "--silent", "--pack-destination", scratch]);
    await unpackOnly(scratch, directory);
  },
} as const satisfies Record<
  string,
  (application: Published, directory: string, scratch: string) => Promise<void>
>;

export type Ecosystem = keyof typeof FETCHERS;

/** Unpacks the only archive of a directory, without the one directory that all in it lies in. */
async function unpackOnly(from: string, into: string): Promise<void> {
  const [archive = ""] = readdirSync(from);
  await run("tar", ["-xf", join(from, archive), "-C", into, "--strip-components=1", "--no-same-owner"]);
}
