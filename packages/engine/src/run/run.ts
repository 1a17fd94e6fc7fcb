import { mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Cancellable } from "@cooper/archive";
import type { Image } from "@cooper/oci";
import { EngineError } from "../errors.ts";
import { findRuntime, type RuntimeName } from "../runtime/find-runtime.ts";
import { limitContainer } from "../runtime/limits/limits.ts";
import { type RuntimeStart, runToEnd } from "../runtime/runtime.ts";
import type { SnapshotEvent } from "../snapshot/event.ts";
import { readFromLayers } from "../snapshot/view.ts";
import { type ContainerDirectory, createContainerDirectory, reapContainers } from "./containers.ts";
import { FORWARDED_SIGNALS, privilege } from "./namespace.ts";
import type { PublishedPort, Volume } from "./options.ts";
import { type ContainerProcess, type ProcessChange, containerProcess } from "./process.ts";
import { type Publication, connectOnHost, publish, relayInto } from "./publish.ts";
import { unpackStack } from "./unpack-stack.ts";
import { type NetworkMode, runtimeSpecification, type SpecificationInput } from "./specification.ts";

export interface RunOptions extends Cancellable, Omit<ProcessChange, "terminal"> {
  /** Cooper's home, where layers are unpacked and the container's own files live while it runs. */
  readonly home: string;
  readonly volumes?: readonly Volume[] | undefined;
  readonly published?: readonly PublishedPort[] | undefined;
  /** `closed`: the container reads the end at once. `open`: it reads this process's standard input. */
  readonly stdin?: "closed" | "open" | undefined;
  /** `attached`: a terminal of its own, joined to this process's. */
  readonly terminal?: "none" | "attached" | undefined;
  readonly root?: "read-write" | "read-only" | undefined;
  /** Bytes. */
  readonly memory?: number | undefined;
  readonly cpus?: number | undefined;
  /** `host` shares the host's network (default); `none` has a loopback and nothing else. */
  readonly network?: NetworkMode | undefined;
  /** Default: what `$COOPER_RUNTIME` names, else the first of RUNTIME_NAMES that works here. */
  readonly runtime?: RuntimeName | undefined;
  /** Seconds that a container has to end after SIGTERM or SIGHUP before it is killed; default 10. */
  readonly stopTimeout?: number | undefined;
  readonly onEvent?: ((event: SnapshotEvent | RunEvent) => void) | undefined;
}

const STOP_TIMEOUT = 10;

export type RunEvent =
  | { readonly type: "reaped"; readonly ids: readonly string[] }
  | { readonly type: "published"; readonly ports: readonly PublishedPort[] }
  /** A limit that nothing here enforces as it is meant: a sentence. */
  | { readonly type: "limit-weakened"; readonly text: string }
  | { readonly type: "started"; readonly id: string };

/**
 * Runs an image as a container and waits for its end: layers unpacked once into the store, a
 * throw-away overlay on top, runc, crun, or namespaces of Cooper's making. Signals that this process gets go to the container, and
 * nothing of it is left afterwards; what a killed run left behind, the next one removes.
 *
 * Gives the container's exit status. Aborting the signal kills it. COMMAND_MISSING, USER_UNKNOWN,
 * USER_NAMESPACE_NEEDED, RUNTIME_MISSING, RUNTIME_UNFIT, RUNTIME_FAILED, OVERLAY_FAILED, PORT_UNAVAILABLE, VOLUME_MISSING.
 */
export async function runImage(image: Image, options: RunOptions): Promise<{ readonly status: number }> {
  const power = privilege();
  if (power === "user") {
    throw new EngineError("USER_NAMESPACE_NEEDED", "a container needs root, or a user namespace", {
      advice: "Run this in a user namespace: unshare --user --map-root-user --map-auto --mount",
    });
  }
  for (const { source } of options.volumes ?? []) requireVolume(source);
  const runtime = findRuntime(options.runtime);
  const reaped = reapContainers(options.home);
  if (reaped.length > 0) options.onEvent?.({ type: "reaped", ids: reaped });

  const layers = await unpackStack(image, options);
  try {
    const config = await image.config(options);
    const terminal = options.terminal ?? "none";
    const processSpec = containerProcess(
      config.config ?? {},
      { ...options, terminal },
      {
        passwd: readFromLayers(layers.directories, "/etc/passwd"),
        group: readFromLayers(layers.directories, "/etc/group"),
      },
      process.env,
    );
    options.signal?.throwIfAborted();
    const container = createContainerDirectory(options.home);
    try {
      const limits = limitContainer(container.path, container.id, options, {
        runtime: runtime.name,
        privilege: power,
      });
      for (const text of limits.shortcomings) options.onEvent?.({ type: "limit-weakened", text });
      const by = { limits, privilege: power };
      const mountScript = prepareBundle(container, layers.directories, processSpec, options, by);
      return await supervise(container, mountScript, { runtime, limits }, options);
    } finally {
      container.remove();
    }
  } finally {
    layers.close();
  }
}

function requireVolume(source: string): void {
  if (statSync(source, { throwIfNoEntry: false }) !== undefined) return;
  throw new EngineError("VOLUME_MISSING", `the volume's source ${source} is not there`, {
    advice: "Make the directory first; Cooper makes none on the host.",
    fields: { path: source },
  });
}

/** Writes the bundle; gives the commands that mount its rootfs. */
function prepareBundle(
  container: ContainerDirectory,
  layers: readonly string[],
  processSpec: ContainerProcess,
  options: RunOptions,
  { limits, privilege: power }: Pick<SpecificationInput, "limits" | "privilege">,
): string {
  const bundle = container.path;
  for (const name of ["rootfs", "upper", "work", "layers", "empty"])
    mkdirSync(join(bundle, name), { mode: 0o755 });
  // Mount options fit in one page: short links instead of long paths, or 128 layers would not fit.
  for (const [index, directory] of layers.entries())
    symlinkSync(directory, join(bundle, "layers", String(index)));

  const hostname = container.id.slice(-12);
  const network = options.network ?? "host";
  const files = [
    { target: "/etc/hostname", text: `${hostname}\n` },
    {
      target: "/etc/hosts",
      text: `127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost\n127.0.1.1\t${hostname}\n`,
    },
    ...(network === "host" ? [{ target: "/etc/resolv.conf", text: resolverConfiguration() }] : []),
  ].map(({ target, text }) => {
    const source = join(bundle, target.slice("/etc/".length));
    writeFileSync(source, text, { mode: 0o644 });
    return { source, target };
  });
  const specification = runtimeSpecification({
    process: processSpec,
    hostname,
    terminal: options.terminal ?? "none",
    root: options.root ?? "read-write",
    network,
    volumes: options.volumes ?? [],
    files,
    limits,
    privilege: power,
  });
  writeFileSync(join(bundle, "config.json"), JSON.stringify(specification));

  const lower = layers.length === 0 ? "empty" : layers.map((_, index) => `layers/${index}`).join(":");
  const flags = power === "root" ? "" : ",userxattr";
  return `mount -t overlay overlay -o lowerdir=${lower},upperdir=upper,workdir=work${flags} rootfs`;
}

function resolverConfiguration(): string {
  try {
    return readFileSync("/etc/resolv.conf", "utf8");
  } catch {
    return ""; // a host that resolves no names has containers that resolve none
  }
}

async function supervise(
  container: ContainerDirectory,
  mountScript: string,
  { runtime, limits }: Pick<RuntimeStart, "runtime" | "limits">,
  options: RunOptions,
): Promise<{ readonly status: number }> {
  let pass: ((signal: NodeJS.Signals) => void) | undefined;
  let killing: NodeJS.Timeout | undefined;
  const passOn = (signal: NodeJS.Signals): void => {
    pass?.(signal);
    // A program that is process 1 and has no handler does not even get the signal: pid_namespaces(7).
    if (signal !== "SIGTERM" && signal !== "SIGHUP") return;
    killing ??= setTimeout(() => container.kill(), (options.stopTimeout ?? STOP_TIMEOUT) * 1000);
  };
  const onAbort = (): void => container.kill();
  const publication = await publishPorts(container, options);
  for (const signal of FORWARDED_SIGNALS) process.on(signal, passOn);
  options.signal?.addEventListener("abort", onAbort, { once: true });
  try {
    const outcome = await runToEnd({
      runtime,
      id: container.id,
      bundle: container.path,
      mountScript,
      limits,
      stdin: options.stdin === "open" ? "inherit" : "ignore",
      onSpawn: (passTo) => {
        pass = passTo;
        options.onEvent?.({ type: "started", id: container.id });
      },
    });
    options.signal?.throwIfAborted();
    return outcome;
  } finally {
    clearTimeout(killing);
    for (const signal of FORWARDED_SIGNALS) process.off(signal, passOn);
    options.signal?.removeEventListener("abort", onAbort);
    publication.close();
  }
}

/** Listens before the container starts, so that a port that is taken is known in time. */
async function publishPorts(container: ContainerDirectory, options: RunOptions): Promise<Publication> {
  const ports = options.published ?? [];
  const publication =
    options.network === "none"
      ? await publish(ports, relayInto(join(container.path, "pid"), join(container.path, "relay.sock")))
      : // On the host's own network a port that keeps its number needs no help.
        await publish(
          ports.filter(({ hostPort, containerPort }) => hostPort !== containerPort),
          connectOnHost,
        );
  if (publication.ports.length > 0) options.onEvent?.({ type: "published", ports: publication.ports });
  return publication;
}
