import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Cancellable } from "@cooper/archive";
import { type Layer, makeImage, type Platform } from "@cooper/oci";
import { EngineError } from "../errors.ts";
import type { ExecOperation } from "../graph/operation.ts";
import { type ContainerDirectory, createContainerDirectory } from "../run/containers.ts";
import { privilege } from "../run/namespace.ts";
import { containerProcess } from "../run/process.ts";
import { runtimeSpecification, type SpecificationInput } from "../run/specification.ts";
import { unpackStack } from "../run/unpack-stack.ts";
import { type ContainerLimits, limitContainer } from "../runtime/limits/limits.ts";
import { findRuntime, type Runtime } from "../runtime/find-runtime.ts";
import { readFromLayers } from "../snapshot/view.ts";
import {
  cacheVolumes,
  inputVolumes,
  madeFiles,
  ownFiles,
  type Releasable,
  secretsOf,
} from "./exec-mounts.ts";
import { forwardAgents } from "./ssh-agent.ts";
import { hostConfiguration } from "./host-configuration.ts";

export interface ExecContext extends Cancellable {
  readonly home: string;
  readonly platform: Platform;
  /** Seconds since 1970: no file that the command writes is newer. */
  readonly epoch: number;
  readonly secrets: ReadonlyMap<string, Buffer>;
  /** Sockets of SSH agents by id. */
  readonly agents: ReadonlyMap<string, string>;
  readonly cacheDirectory: (id: string) => string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A command's container, ready to be started: its root, its mounts, its process. Close it. */
export interface ExecBundle {
  readonly container: ContainerDirectory;
  readonly runtime: Runtime;
  readonly limits: ContainerLimits;
  /** Shell commands that mount its root. */
  readonly mountScript: string;
  /** Unpacked layers that the command stands on, the topmost first. */
  readonly root: readonly string[];
  /** What the command changed, in an overlay's upper form. */
  readonly upper: string;
  /** Where something was mounted for this run. */
  readonly mountPoints: readonly string[];
  /** To be kept out of what it prints. */
  readonly secrets: readonly string[];
  /** Writes config.json: with another process than the command where `change` says so. */
  configure(change?: Partial<SpecificationInput>): void;
  /** The process that the command is started as. */
  readonly process: SpecificationInput["process"];
  close(): void;
}

const DEFAULT_PROCESSES = 4096;

/**
 * Makes the container of a command over the layers of its first input, in namespaces of its own, with
 * no new privileges. `SECRET_MISSING`, `SOURCE_MISSING`, `RUNTIME_MISSING`, `USER_…`
 */
export async function prepareExec(
  operation: ExecOperation,
  inputs: readonly (readonly Layer[])[],
  context: ExecContext,
): Promise<ExecBundle> {
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
    const unpacked = await unpackStack(image, { home: context.home, signal: context.signal });
    held.push({ release: () => unpacked.close() });
    return unpacked.directories;
  };
  const container = createContainerDirectory(context.home);
  const close = (): void => {
    container.remove();
    for (const each of held) each.release();
  };
  try {
    const memory = container.memory; // secrets are never on a disk
    mkdirSync(memory, { mode: 0o700 });
    const [root = [], ...others] = await Promise.all(inputs.map(unpack));
    const mounts = operation.mounts ?? [];
    const project = readFromLayers(root, join(operation.directory, ".npmrc"));
    const shown = hostConfiguration(operation.configuration ?? [], context.environment, project);
    const secrets = secretsOf(operation, context.secrets, memory);
    const agents = await forwardAgents(operation, context.agents, memory);
    held.push(agents);
    const volumes = [
      ...inputVolumes(mounts, others, container.path),
      ...(await cacheVolumes(mounts, context, held)),
      ...shown.volumes,
      ...secrets.volumes,
      ...agents.volumes,
    ];
    const environment = {
      ...shown.environment,
      SOURCE_DATE_EPOCH: String(context.epoch),
      ...operation.environment,
      ...secrets.environment,
      ...agents.environment,
    };
    const process = containerProcess(
      { WorkingDir: operation.directory, User: operation.user },
      {
        arguments: runtime.name === "namespaces" ? operation.command : inOneStream(operation.command),
        env: Object.entries(environment).map(([name, value]) => `${name}=${value}`),
        terminal: "none",
      },
      { passwd: readFromLayers(root, "/etc/passwd"), group: readFromLayers(root, "/etc/group") },
      {},
    );
    const network = operation.network ?? "none";
    const files = [...ownFiles(container.path, network), ...madeFiles(memory, shown.files)];
    const limits = limitContainer(
      container.path,
      container.id,
      { ...operation.limits, processes: operation.limits?.processes ?? DEFAULT_PROCESSES },
      { runtime: runtime.name, privilege: power },
    );
    const specification: SpecificationInput = {
      process,
      hostname: "build",
      terminal: "none",
      root: "read-write",
      network,
      volumes,
      files,
      temporary: mounts.filter((mount) => mount.kind === "tmpfs"),
      limits,
      newPrivileges: "refuse",
      privilege: power,
    };
    // The specification has the secrets' values in it: it stays in memory.
    symlinkSync(join(memory, "config.json"), join(container.path, "config.json"));
    return {
      container,
      runtime,
      limits,
      root,
      process,
      mountScript: overlayScript(container.path, root, others, power),
      upper: join(container.path, "upper"),
      secrets: secrets.values,
      mountPoints: [...files, ...volumes, ...mounts].map(({ target }) => target),
      configure: (change = {}) =>
        writeFileSync(
          join(memory, "config.json"),
          JSON.stringify(runtimeSpecification({ ...specification, ...change })),
          { mode: 0o600 },
        ),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/**
 * runc gives a process two pipes, and what comes of both in another order than it was written. A shell can
 * write into one of them. Its command is the step's in keys and words, as ever.
 */
function inOneStream(command: readonly string[]): readonly string[] {
  const [program, options = "", text, ...rest] = command;
  if (program !== "/bin/sh" || text === undefined || !/^-[a-z]*c$/.test(options)) return command;
  return [program, options, `exec 2>&1; ${text}`, ...rest];
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
