import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createRegistry, memoryStorage } from "@cooper/registry";
import type { Kind } from "../../packages/cli/src/compiled.ts";
import { startDebianArchive } from "./debian-archive.ts";

export interface Work {
  /** The arguments of each command, to be run in the directory that the work was made in. */
  readonly commands: Readonly<Record<Kind, readonly (readonly string[])[]>>;
  readonly close: () => Promise<void>;
}

/** What people do, in small: packages become an image, an application does, images move and are looked into. */
export async function prepareWork(directory: string): Promise<Work> {
  mkdirSync(join(directory, "app"));
  writeFileSync(join(directory, "app/start.sh"), "#!/bin/bash\nexec socat TCP-LISTEN:8080,fork EXEC:cat\n");
  const archive = await startDebianArchive(directory);
  const registry = await createRegistry({ storage: memoryStorage() }).listen({});
  const host = `127.0.0.1:${registry.port}`;
  const packages = [
    "--repository",
    archive.source,
    "--keyring",
    archive.keyring,
    "--platform",
    "linux/amd64",
  ];
  const long = [
    ["copy", "apt:editor-common/ca-certificates/bash", "oci:images:packages", "--quiet", ...packages],
    ["build", "app", "-o", "oci:images:app", ...packages],
    ["build", "app", "-o", "oci:images:again", "--progress", "live", ...packages],
    ["copy", "oci:images:app", `docker://${host}/app`],
    ["copy", `docker://${host}/app`, "oci:copied"],
    ["inspect", "oci:copied"],
  ];
  return {
    commands: { long, short: [["--help"]] },
    close: async () => {
      archive.close();
      await registry.close();
    },
  };
}
