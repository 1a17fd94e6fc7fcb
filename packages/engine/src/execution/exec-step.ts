import { mkdirSync, renameSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Cancellable } from "@cooper/archive";
import { type Layer, makeImage, type Platform } from "@cooper/oci";
import { EngineError } from "../errors.ts";
import type { ExecOperation } from "../graph/operation.ts";
import { type ContainerDirectory, createContainerDirectory } from "../run/containers.ts";
import { mapsManyIds, privilege } from "../run/namespace.ts";
import { containerProcess } from "../run/process.ts";
import { runtimeSpecification } from "../run/specification.ts";
import { findRuntime, type Runtime, runToEnd } from "../runtime/runtime.ts";
import { unpackLayers } from "../snapshot/layers.ts";
import { readFromLayers } from "../snapshot/view.ts";
import { asidePath } from "../run/asides.ts";
import { cacheVolumes, inputVolumes, ownFiles, type Releasable, secretsOf } from "./exec-mounts.ts";
import { hostConfiguration } from "./host-configuration.ts";
import { OutputTail } from "./output.ts";
import { clampTimes, removeMountPoint, RUNTIME_MOUNTS } from "./upper.ts";

export interface ExecContext extends Cancellable {
  readonly home: string;
  readonly platform: Platform;
  /** Seconds since 1970: no file that the command writes is newer. */
  readonly epoch: number;
  readonly secrets: ReadonlyMap<string, Buffer>;
  readonly cacheDirectory: (id: string) => string;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly onOutput: (text: string) => void;
}

/** What a command changed: a directory in an overlay's upper form, which is the caller's now. */
export interface ExecResult {
  readonly directory: string;
}

const DEFAULT_PROCESSES = 4096;
const DEFAULT_TIME = 3600;

/**
 * Runs a command over the layers of its first input, in namespaces of its own, with no new
 * privileges, and gives what it changed. Everything that was shown to it for this run only (mounts,
 * the host's configuration, name resolution) leaves nothing behind. `STEP_FAILED`, `STEP_TIMEOUT`,
 * `SECRET_MISSING`, `SOURCE_MISSING`, `RUNTIME_…`, `OVERLAY_FAILED`
 */
export async function runExec(
  operation: ExecOperation,
  inputs: readonly (readonly Layer[])[],
  context: ExecContext,
): Promise<ExecResult> {
  const power = privilege();
  if (power === "user") {
    throw new EngineError("USER_NAMESPACE_NEEDED", "a build step needs root, or a user namespace", {
      advice: "Run this in a user namespace: unshare --user --map-root-user --map-auto --mount",
    });
  }
  const runtime = findRuntime();
  const held: Releasable[] = [];
  const unpack = async (layers: readonly Layer[]): Promise<readonly string[]> => {
    const image = makeImage({ config: { ...context.platform }, layers });
    const unpacked = await unpackLayers(image, {
      home: context.home,
      owners: power === "root" || mapsManyIds() ? "keep" : "record",
      overlayXattrs: power === "root" ? "trusted" : "user",
      signal: context.signal,
    });
    held.push({ release: () => unpacked.close() });
    return unpacked.directories;
  };
  const container = createContainerDirectory(context.home, runtime);
  const secretDirectory = container.memory; // never on a disk
  try {
    mkdirSync(secretDirectory, { mode: 0o700 });
    const [root = [], ...others] = await Promise.all(inputs.map(unpack));
    const mounts = operation.mounts ?? [];
    const volumes = [
      ...inputVolumes(mounts, others, container.path),
      ...(await cacheVolumes(mounts, context, held)),
    ];
    const shown = hostConfiguration(operation.configuration ?? [], context.environment);
    const secrets = secretsOf(operation, context.secrets, secretDirectory);
    const environment = {
      ...shown.environment,
      SOURCE_DATE_EPOCH: String(context.epoch),
      ...operation.environment,
      ...secrets.environment,
    };
    const process = containerProcess(
      { WorkingDir: operation.directory, User: operation.user },
      {
        arguments: operation.command,
        env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
        terminal: "none",
      },
      { passwd: readFromLayers(root, "/etc/passwd"), group: readFromLayers(root, "/etc/group") },
      {},
    );
    const network = operation.network ?? "none";
    const files = ownFiles(container.path, network);
    const specification = runtimeSpecification({
      process,
      hostname: "build",
      terminal: "none",
      root: "read-write",
      network,
      volumes: [...volumes, ...shown.volumes, ...secrets.volumes],
      files,
      temporary: mounts.flatMap((mount) => (mount.kind === "tmpfs" ? [mount.target] : [])),
      memory: operation.limits?.memory,
      cpus: operation.limits?.cpus,
      processes: operation.limits?.processes ?? DEFAULT_PROCESSES,
      newPrivileges: "refuse",
      privilege: power,
    });
    // The specification has the secrets' values in it: it stays in memory.
    writeFileSync(join(secretDirectory, "config.json"), JSON.stringify(specification), { mode: 0o600 });
    symlinkSync(join(secretDirectory, "config.json"), join(container.path, "config.json"));
    const mountScript = overlayScript(container.path, root, others, power);
    await supervise(operation, { container, runtime, mountScript }, context, secrets.values);
    const directory = join(container.path, "upper");
    const targets = [
      ...files.map(({ target }) => target),
      ...[...volumes, ...shown.volumes, ...secrets.volumes].map(({ target }) => target),
      ...mounts.map(({ target }) => target),
      ...RUNTIME_MOUNTS,
    ];
    for (const target of targets) removeMountPoint(directory, root, target);
    clampTimes(directory, context.epoch);
    const aside = asidePath(join(context.home, "build"));
    renameSync(directory, aside);
    return { directory: aside };
  } finally {
    container.remove();
    for (const each of held) each.release();
  }
}

/** Makes the directories of the bundle; gives the commands that mount its root and its other inputs. */
function overlayScript(
  bundle: string,
  root: readonly string[],
  others: readonly (readonly string[])[],
  power: "root" | "user-namespace",
): string {
  const flags = power === "root" ? "" : ",userxattr";
  for (const name of ["rootfs", "upper", "work", "empty", "layers"])
    mkdirSync(join(bundle, name), { mode: 0o755 });
  const stack = (name: string, directories: readonly string[]): string => {
    // Mount options fit in one page: short links instead of long paths.
    const links = directories.map((directory, place) => {
      const link = `layers/${name}-${place}`;
      symlinkSync(directory, join(bundle, link));
      return link;
    });
    return links.length === 0 ? "empty" : links.join(":");
  };
  const lower = stack("r", root);
  const script = [`mount -t overlay overlay -o lowerdir=${lower},upperdir=upper,workdir=work${flags} rootfs`];
  for (const [place, directories] of others.entries()) {
    mkdirSync(join(bundle, `input-${place + 1}`));
    // An overlay without an upper directory is read-only, and wants two directories at least.
    const lowers = `${stack(String(place), directories)}:empty`;
    script.push(`mount -t overlay overlay -o lowerdir=${lowers}${flags} input-${place + 1}`);
  }
  return script.join(" &&\n");
}

interface Prepared {
  readonly container: ContainerDirectory;
  readonly runtime: Runtime;
  readonly mountScript: string;
}

async function supervise(
  operation: ExecOperation,
  { container, runtime, mountScript }: Prepared,
  context: ExecContext,
  secrets: readonly string[],
): Promise<void> {
  const output = new OutputTail(context.onOutput, secrets);
  const seconds = operation.limits?.time ?? DEFAULT_TIME;
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    container.kill();
  }, seconds * 1000);
  const onAbort = (): void => container.kill();
  context.signal?.addEventListener("abort", onAbort, { once: true });
  try {
    context.signal?.throwIfAborted();
    const { status } = await runToEnd({
      runtime,
      id: container.id,
      bundle: container.path,
      mountScript,
      stdin: "ignore",
      onSpawn: () => {},
      onOutput: (chunk) => output.add(chunk),
    });
    output.end();
    context.signal?.throwIfAborted();
    if (isLate) throw failure("STEP_TIMEOUT", `took longer than ${seconds} seconds`, operation, output);
    if (status !== 0) throw failure("STEP_FAILED", `ended with status ${status}`, operation, output);
  } finally {
    clearTimeout(timer);
    context.signal?.removeEventListener("abort", onAbort);
  }
}

function failure(
  code: "STEP_FAILED" | "STEP_TIMEOUT",
  what: string,
  { command, label }: ExecOperation,
  output: OutputTail,
): EngineError {
  const shown = label ?? command.join(" ");
  const tail = output.tail();
  const words = tail === "" ? "It printed nothing." : `The end of what it printed:\n${tail}`;
  return new EngineError(code, `the step ${JSON.stringify(shown)} ${what}. ${words}`, {
    fields: { command: command.join(" ") },
    advice: "--verbose shows all that it prints.",
  });
}
