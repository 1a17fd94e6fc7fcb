import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import type { Cancellable } from "@cooper/archive";
import { lockPath, tryLockPath } from "@cooper/transport";
import { EngineError } from "../errors.ts";
import type { ExecMount, ExecOperation } from "../graph/operation.ts";
import type { Volume } from "../run/options.ts";
import { findInLayers } from "../snapshot/view.ts";

export interface Releasable {
  release(): void;
}

/** Other inputs of a step, where it wants them; read-only. `SOURCE_MISSING` */
export function inputVolumes(
  mounts: readonly ExecMount[],
  others: readonly (readonly string[])[],
  bundle: string,
): readonly Volume[] {
  return mounts.flatMap((mount) => {
    if (mount.kind !== "input") return [];
    const layers = others[mount.input - 1];
    if (layers === undefined || findInLayers(layers, mount.path) === undefined) {
      throw new EngineError(
        "SOURCE_MISSING",
        `there is no ${mount.path} in what is mounted at ${mount.target}`,
      );
    }
    const source = posix.join(bundle, `input-${mount.input}`, posix.join("/", mount.path));
    return [{ source, target: mount.target, access: "read-only" as const }];
  });
}

/** Directories that stay from build to build; who has one alone holds its lock until the step has ended. */
export async function cacheVolumes(
  mounts: readonly ExecMount[],
  context: Cancellable & { readonly cacheDirectory: (id: string) => string },
  held: Releasable[],
): Promise<readonly Volume[]> {
  const volumes: Volume[] = [];
  for (const mount of mounts) {
    if (mount.kind !== "cache") continue;
    // oxlint-disable-next-line no-await-in-loop -- locks are taken one after the other
    const { source, lock } = await takeCache(mount, context);
    held.push(lock);
    volumes.push({ source, target: mount.target, access: "read-write" });
  }
  return volumes;
}

type CacheMount = Extract<ExecMount, { kind: "cache" }>;

async function takeCache(
  { id, sharing }: CacheMount,
  context: Cancellable & { readonly cacheDirectory: (id: string) => string },
): Promise<{ readonly source: string; readonly lock: Releasable }> {
  for (let copy = 0; ; copy++) {
    const source = context.cacheDirectory(copy === 0 ? id : `${id} ${copy}`);
    mkdirSync(dirname(source), { recursive: true });
    const path = `${source}.lock`;
    const lock = { kind: "file", signal: context.signal } as const;
    const taken =
      sharing === "private"
        ? tryLockPath(path, { ...lock, mode: "exclusive" })
        : // oxlint-disable-next-line no-await-in-loop -- it is the only turn
          await lockPath(path, { ...lock, mode: sharing === "shared" ? "shared" : "exclusive" });
    // Each has its own: the first one that nobody else uses now.
    if (taken === undefined) continue;
    writeFileSync(path, id); // what it is, and that it was used now
    mkdirSync(source, { recursive: true, mode: 0o777 });
    return { source, lock: taken };
  }
}

export interface ShownSecrets {
  readonly volumes: readonly Volume[];
  readonly environment: Readonly<Record<string, string>>;
  /** To be kept out of what the step prints. */
  readonly values: readonly string[];
}

/** Secrets as files in memory and as variables, for one step. `SECRET_MISSING` */
export function secretsOf(
  operation: ExecOperation,
  secrets: ReadonlyMap<string, Buffer>,
  directory: string,
): ShownSecrets {
  const volumes: Volume[] = [];
  const environment: Record<string, string> = {};
  const values: string[] = [];
  for (const mount of operation.mounts ?? []) {
    if (mount.kind !== "secret") continue;
    const value = secrets.get(mount.id);
    if (value === undefined) {
      if (mount.need === "optional") continue;
      throw new EngineError("SECRET_MISSING", `a step needs the secret ${mount.id}, and nobody gave it`, {
        kind: "usage",
        advice: `Give it: --secret ${mount.id}=FILE, or --env ${mount.id} for the variable of that name.`,
      });
    }
    const text = value.toString("utf8");
    values.push(text, text.trim());
    if (mount.as === "variable") {
      environment[mount.target] = text.trimEnd();
      continue;
    }
    const source = join(directory, `secret-${volumes.length}`);
    writeFileSync(source, value, { mode: 0o444 });
    volumes.push({ source, target: mount.target, access: "read-only" });
  }
  return { volumes, environment, values };
}

/** Files that every step is shown: who it is, and with a network how names are resolved. */
export function ownFiles(
  bundle: string,
  network: "none" | "host",
): readonly { readonly source: string; readonly target: string }[] {
  const own = [
    { target: "/etc/hosts", text: "127.0.0.1\tlocalhost build\n::1\tlocalhost\n" },
    ...(network === "host" ? [{ target: "/etc/resolv.conf", text: resolverConfiguration() }] : []),
  ];
  return own.map(({ target, text }) => {
    const source = join(bundle, posix.basename(target));
    writeFileSync(source, text, { mode: 0o644 });
    return { source, target };
  });
}

/** Files that were made for the step, kept in memory while it runs: the host's tokens may be in them. */
export function madeFiles(
  memory: string,
  files: ReadonlyMap<string, Buffer>,
): readonly { readonly source: string; readonly target: string }[] {
  return [...files].map(([target, content]) => {
    const source = join(memory, posix.basename(target));
    writeFileSync(source, content, { mode: 0o444 });
    return { source, target };
  });
}

function resolverConfiguration(): string {
  try {
    return readFileSync("/etc/resolv.conf", "utf8");
  } catch {
    return ""; // a host that resolves no names has steps that resolve none
  }
}
