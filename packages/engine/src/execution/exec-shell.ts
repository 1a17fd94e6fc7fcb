import { removeContainer, runToEnd } from "../runtime/runtime.ts";
import { findInLayers } from "../snapshot/view.ts";
import type { ExecBundle } from "./exec-bundle.ts";

const SHELLS: readonly (readonly [string, ...string[]])[] = [
  ["/bin/bash"],
  ["/usr/bin/bash"],
  ["/bin/sh"],
  ["/bin/busybox", "sh"],
];

/**
 * A shell where a command was: the same root with what that changed, the same mounts, environment and
 * user, on this process's terminal. Gives its status; undefined where the root has no shell.
 */
export async function openShell(bundle: ExecBundle): Promise<number | undefined> {
  const { container, runtime, limits, mountScript, process } = bundle;
  const args = SHELLS.find(([path]) => findInLayers([bundle.upper, ...bundle.root], path) !== undefined);
  if (args === undefined) return undefined;
  // The command's container is kept by its runtime: one of its name can only be started when it is gone.
  removeContainer(`${container.path}/state`, container.id);
  bundle.configure({
    process: { ...process, args, env: [...process.env, "TERM=xterm"] },
    terminal: "attached",
  });
  const { status } = await runToEnd({
    runtime,
    id: container.id,
    bundle: container.path,
    mountScript,
    limits,
    stdin: "inherit",
    onSpawn: () => {},
  });
  return status;
}
