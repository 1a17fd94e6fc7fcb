import { readFileSync } from "node:fs";
import { type Cancellable, type TarInput, writeTar } from "@cooper/archive";
import { type Image, type Layer, makeImage, makeLayer } from "@cooper/oci";
import type { Step } from "../graph/operation.ts";
import { makeStep } from "../graph/step.ts";
import { execute } from "./execute.ts";
import type { ExecuteOptions } from "./options.ts";

/** What nothing may have in it when a build was killed. */
export const SECRET = "the-cooper-s-secret-0a1b2c";

const PLATFORM = { os: "linux", architecture: "amd64" } as const;

/** Files, a command with a secret and a cache, files copied out of what it made, and a command on these. */
export function killedGraph(): Step {
  const base = makeStep({ kind: "image", reference: "busybox", platform: PLATFORM, pinned: "1" });
  const many = "for i in $(/bin/busybox seq 200); do echo $i > /made/$i; done; /bin/busybox sleep 0.2";
  const directory = { kind: "directory", path: "/made", mode: 0o755 } as const;
  const made = script(many, [makeStep({ kind: "file", files: [directory] }, [base])]);
  const copies = [{ source: "made", target: "copied" }];
  return script("/bin/busybox ls /copied | /bin/busybox wc -l > /count", [
    makeStep({ kind: "copy", copies }, [base, made]),
  ]);
}

function script(text: string, inputs: readonly Step[]): Step {
  return makeStep(
    {
      kind: "exec",
      command: ["/bin/busybox", "sh", "-euc", text],
      environment: {},
      directory: "/",
      mounts: [
        { kind: "secret", id: "token", target: "/run/token", as: "file", need: "required" },
        { kind: "secret", id: "token", target: "TOKEN", as: "variable", need: "required" },
        { kind: "cache", id: "killed", target: "/cache", sharing: "locked" },
      ],
    },
    inputs,
  );
}

/** Builds it under a home, every step anew unless `options` say otherwise. */
export async function buildKilled(
  home: string,
  options: Partial<ExecuteOptions> = {},
): Promise<readonly Layer[]> {
  return await execute(killedGraph(), {
    home,
    platform: PLATFORM,
    epoch: 1_000_000_000,
    locals: {},
    environment: {},
    secrets: new Map([["token", Buffer.from(SECRET)]]),
    cache: "ignore",
    openImage: async (_operation, _options: Cancellable) => busybox(),
    ...options,
  });
}

function busybox(): Image {
  const members: readonly TarInput[] = [
    { path: "bin", type: "directory" },
    { path: "bin/busybox", type: "file", mode: 0o755, bytes: readFileSync("/bin/busybox") },
  ];
  const layer = makeLayer({ tar: () => writeTar(members), compression: "none" });
  return makeImage({ config: PLATFORM, layers: [layer] });
}

// As a program it builds again and again, for the test that kills it.
if (process.argv[1] === import.meta.filename) {
  process.stdout.write("building\n");
  for (;;) {
    // oxlint-disable-next-line no-await-in-loop
    for (const layer of await buildKilled(process.argv[2] ?? "")) await layer.descriptor();
  }
}
