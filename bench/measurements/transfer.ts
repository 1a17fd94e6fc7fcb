import { rmSync } from "node:fs";
import { join } from "node:path";
import { startDockerRegistry } from "../docker-registry.ts";
import type { Server } from "../docker-registry.ts";
import { isInstalled, timed } from "../race.ts";
import type { Contestant, Race } from "../race.ts";
import { randomImage } from "../random-image.ts";
import type { Measurement, Setting } from "../setting.ts";

export const transfer: Measurement = {
  name: "transfer",
  title: "Between a registry and an OCI layout",
  async *races(setting) {
    if (!isInstalled("docker-registry")) {
      console.log("transfer skipped: docker-registry is not installed");
      return;
    }
    const image = randomImage(setting.cache, setting.megabytes * 2);
    const source = `oci:${image.path}:bench`;
    const registry = await startDockerRegistry(join(setting.scratch, "registry"));
    try {
      const remote = `docker://${registry.host}/bench:latest`;
      timed([setting.cooper(), "copy", "--quiet", source, remote], setting.scratch);
      yield {
        name: "registry to layout",
        bytes: image.bytes,
        contestants: [pull(setting, COOPER, remote), pull(setting, SKOPEO, remote)],
        targets: { skopeo: 1 },
      } satisfies Race;
    } finally {
      await registry.stop();
    }
    yield {
      name: "layout to registry",
      bytes: image.bytes,
      contestants: [push(setting, COOPER, source), push(setting, SKOPEO, source)],
      targets: { skopeo: 1 },
    } satisfies Race;
  },
};

interface Copier {
  readonly name: string;
  readonly needs: readonly string[];
  readonly command: (setting: Setting, source: string, destination: string) => readonly string[];
}

const COOPER: Copier = {
  name: "cooper copy",
  needs: [],
  command: (setting, source, destination) => [setting.cooper(), "copy", "--quiet", source, destination],
};

const SKOPEO: Copier = {
  name: "skopeo",
  needs: ["skopeo"],
  command: (_, source, destination) => [
    "skopeo",
    "copy",
    "--quiet",
    "--src-tls-verify=false",
    "--dest-tls-verify=false",
    source,
    destination,
  ],
};

function pull(setting: Setting, { name, needs, command }: Copier, source: string): Contestant {
  const destination = join(setting.scratch, "pulled");
  return {
    name,
    needs,
    prepare: () => command(setting, source, `oci:${destination}:bench`),
    finish: () => {
      rmSync(destination, { recursive: true });
      return undefined;
    },
  };
}

/** To a new registry each time: one that has the blobs takes them by name (skopeo remembers where it pushed). */
function push(setting: Setting, { name, needs, command }: Copier, source: string): Contestant {
  let server: Server | undefined;
  return {
    name,
    needs,
    prepare: async () => {
      server = await startDockerRegistry(join(setting.scratch, "registry"));
      return command(setting, source, `docker://${server.host}/bench:latest`);
    },
    finish: async () => {
      await server?.stop();
      return undefined;
    },
  };
}
