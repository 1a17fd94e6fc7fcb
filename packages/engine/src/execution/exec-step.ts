import { renameSync } from "node:fs";
import { join } from "node:path";
import type { Layer } from "@cooper/oci";
import type { EngineError } from "../errors.ts";
import type { ExecOperation } from "../graph/operation.ts";
import { asidePath } from "../run/asides.ts";
import { runToEnd } from "../runtime/runtime.ts";
import { type ExecBundle, type ExecContext, prepareExec } from "./exec-bundle.ts";
import { openShell } from "./exec-shell.ts";
import { lateStep, stepFailure } from "./failure.ts";
import { OutputTail } from "./output.ts";
import { clampTimes, removeMountPoint, RUNTIME_MOUNTS } from "./upper.ts";

export interface ExecWatch {
  /** Told when it runs. */
  readonly onStart?: (() => void) | undefined;
  readonly onOutput: (text: string) => void;
  /** Told, in a sentence, of a limit that nothing here enforces as it is meant. */
  readonly onShortcoming: (text: string) => void;
  /** Told of a command that failed, while its container still stands as it was left. */
  readonly onFailure?: ((failed: FailedExec) => Promise<void>) | undefined;
}

/** A command that failed, its root as it left it. */
export interface FailedExec {
  readonly error: EngineError;
  /**
   * Runs a shell there on this process's terminal, with the mounts, the environment and the user of the
   * command, and gives its status; undefined where the root has no shell.
   */
  readonly openShell: () => Promise<number | undefined>;
}

/** What a command changed: a directory in an overlay's upper form, which is the caller's now. */
export interface ExecResult {
  readonly directory: string;
}

const DEFAULT_TIME = 3600;

/**
 * Runs a command over the layers of its first input and gives what it changed. Everything that was
 * shown to it for this run only (mounts, the host's configuration, name resolution) leaves nothing
 * behind. `STEP_FAILED`, `STEP_TIMEOUT`, and what `prepareExec` and `runToEnd` throw.
 */
export async function runExec(
  operation: ExecOperation,
  inputs: readonly (readonly Layer[])[],
  context: ExecContext,
  watch: ExecWatch,
): Promise<ExecResult> {
  const bundle = await prepareExec(operation, inputs, context);
  try {
    bundle.configure();
    bundle.limits.shortcomings.forEach(watch.onShortcoming);
    const error = await supervise(operation, bundle, context, watch);
    if (error !== undefined) {
      await watch.onFailure?.({ error, openShell: async () => await openShell(bundle) });
      throw error;
    }
    for (const target of [...bundle.mountPoints, ...RUNTIME_MOUNTS])
      removeMountPoint(bundle.upper, bundle.root, target);
    clampTimes(bundle.upper, context.epoch);
    const aside = asidePath(join(context.home, "build"));
    renameSync(bundle.upper, aside);
    return { directory: aside };
  } finally {
    bundle.close();
  }
}

/** Runs it to its end, its deadline or an abort, and gives how it failed if it did. */
async function supervise(
  operation: ExecOperation,
  { container, runtime, limits, mountScript, secrets }: ExecBundle,
  { signal }: ExecContext,
  { onStart, onOutput }: ExecWatch,
): Promise<EngineError | undefined> {
  const output = new OutputTail(onOutput, secrets);
  const seconds = operation.limits?.time ?? DEFAULT_TIME;
  let isLate = false;
  const timer = setTimeout(() => {
    isLate = true;
    container.kill();
  }, seconds * 1000);
  const onAbort = (): void => container.kill();
  signal?.addEventListener("abort", onAbort, { once: true });
  try {
    signal?.throwIfAborted();
    const outcome = await runToEnd({
      runtime,
      id: container.id,
      bundle: container.path,
      mountScript,
      limits,
      stdin: "ignore",
      onSpawn: () => onStart?.(),
      onOutput: (chunk) => output.add(chunk),
    });
    output.end();
    signal?.throwIfAborted();
    if (isLate) return lateStep(operation, seconds, output.tail());
    return outcome.status === 0 ? undefined : stepFailure(operation, outcome, output.tail());
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", onAbort);
  }
}
