import { rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { type Cancellable, type TarInput, writeTar } from "@cooper/archive";
import { digestBytes, type Digest, type DiffId, type Layer } from "@cooper/oci";
import { Lane } from "@cooper/transport";
import { MadeLayers } from "../cache/made-layers.ts";
import { holdBuild } from "../cache/running.ts";
import { EngineError } from "../errors.ts";
import { digestOfFiles, type LocalFile, scanLocal } from "../files/local-files.ts";
import { openMemory } from "../files/memory.ts";
import { Patterns } from "../files/patterns.ts";
import { canonicalJson } from "../graph/canonical.ts";
import type { CopyOperation, LocalOperation, Step } from "../graph/operation.ts";
import { describe } from "../graph/dump.ts";
import { definitionOf } from "../graph/step.ts";
import { asidePath } from "../run/asides.ts";
import { reapContainers } from "../run/containers.ts";
import { sweepUnpacked } from "../snapshot/layers.ts";
import { gitFiles } from "../sources/git/commit.ts";
import { chooseFiles, copyLocal } from "./copy-local.ts";
import { copySnapshot } from "./copy-snapshot.ts";
import type { ExecuteOptions, FailedStep } from "./options.ts";
import type { ExecContext } from "./exec-bundle.ts";
import { runExec } from "./exec-step.ts";
import { madeFiles } from "./file-step.ts";

/**
 * Builds a graph and gives the layers of its last step, the bottom one first. Steps that do not need
 * each other run side by side; each runs once, and not at all where what goes into it has been built
 * before: its key is what it does and the content of exactly what it reads. Whoever reads the layers holds
 * the build (`holdBuild`) until they are read, or what others remove may be among them. `STEP_…`, `SOURCE_MISSING`,
 * `SECRET_MISSING`, `GRAPH_INVALID`
 */
export async function execute(last: Step, options: ExecuteOptions): Promise<readonly Layer[]> {
  // Not only where a command runs: what a killed build was shown must not wait for the next one that has any.
  reapContainers(options.home);
  sweepUnpacked(options.home);
  const execution = new Execution(options);
  const held = await holdBuild(options.home, { signal: options.signal });
  try {
    return await execution.run(last);
  } finally {
    held.release();
  }
}

class Execution {
  readonly #options: ExecuteOptions;
  /** Of the options, what everything takes: another's own must not be taken for its. */
  readonly #cancel: Cancellable;
  readonly #made: MadeLayers;
  readonly #lane: Lane;
  readonly #results = new Map<Digest, Promise<readonly Layer[]>>();
  readonly #scans = new Map<Digest, Promise<readonly LocalFile[]>>();
  /** Ends everything else when a step has failed. */
  readonly #stop = new AbortController();
  /** Where cache mounts of this build alone are. */
  readonly #emptyCaches: string | undefined;
  /** What was said once, and need not be said of each step. */
  readonly #told = new Set<string>();
  #failure: { readonly error: unknown } | undefined;

  constructor(options: ExecuteOptions) {
    const { signal } = options;
    const both = signal === undefined ? this.#stop.signal : AbortSignal.any([signal, this.#stop.signal]);
    this.#options = { ...options, signal: both };
    this.#cancel = { signal: both };
    this.#made = new MadeLayers(options.home);
    this.#emptyCaches = options.caches === "empty" ? asidePath(join(options.home, "build")) : undefined;
    this.#lane = new Lane(options.parallel ?? availableParallelism());
  }

  /** Nothing of it runs any more when this settles. */
  async run(last: Step): Promise<readonly Layer[]> {
    try {
      return await this.#layersOf(last);
    } catch (error) {
      this.#fail(error);
      await Promise.allSettled(this.#results.values());
      throw this.#failure?.error ?? error;
    } finally {
      if (this.#emptyCaches !== undefined) rmSync(this.#emptyCaches, { recursive: true, force: true });
    }
  }

  /** The first one counts: what fails after it was stopped because of it. */
  #fail(error: unknown): void {
    if (this.#cancel.signal?.aborted !== true) this.#failure = { error };
    this.#stop.abort(new Error("another step failed"));
  }

  async #layersOf(step: Step): Promise<readonly Layer[]> {
    const running = this.#results.get(step.digest);
    if (running !== undefined) return await running;
    const result = this.#build(step);
    this.#results.set(step.digest, result);
    return await result;
  }

  async #build(step: Step): Promise<readonly Layer[]> {
    const { operation } = step;
    switch (operation.kind) {
      case "image":
        return await (await this.#options.openImage(operation, this.#cancel)).layers(this.#cancel);
      case "merge":
        return (await this.#inputs(step.inputs)).flat();
      case "file": {
        const below = (await this.#inputs(step.inputs)).flat();
        const { epoch } = this.#options;
        return [...below, await this.#tarOnce(step, [], () => madeFiles(operation, epoch))];
      }
      case "git":
        return [await this.#tarOnce(step, [], () => gitFiles(operation, this.#withEnvironment))];
      case "http": {
        const { webFile } = await import("../sources/web-file.ts"); // with all that speaks to hosts
        return [await this.#tarOnce(step, [], () => webFile(operation, this.#withEnvironment))];
      }
      case "copy":
        return await this.#copy(step, operation);
      case "exec": {
        const inputs = await this.#inputs(step.inputs);
        const [below = []] = inputs;
        const contents = await Promise.all(inputs.map(async (layers) => await diffIds(layers)));
        const facts = [definitionOf(operation), contents, this.#options.epoch];
        const layer = await this.#once(step, facts, await diffIds(below), async (key) => {
          const leave = await this.#lane.enter(this.#options.signal);
          try {
            const { directory } = await runExec(
              operation,
              inputs,
              {
                ...this.#withEnvironment,
                secrets: this.#options.secrets ?? new Map<string, Buffer>(),
                agents: this.#options.agents ?? new Map<string, string>(),
                cacheDirectory: (id) => this.#made.cacheDirectory(id, this.#emptyCaches),
              },
              {
                onStart: () => this.#options.onCommand?.(),
                onOutput: (text) => this.#options.onEvent?.({ type: "step-output", step, text }),
                onShortcoming: (text) => this.#onShortcoming(step, text),
                onFailure: async (failed) => await this.#onFailure({ ...failed, step }),
              },
            );
            const name = describe(operation);
            return await this.#made.keepDirectory(key, directory, await diffIds(below), name, this.#cancel);
          } finally {
            leave();
          }
        });
        return [...below, layer];
      }
      case "local":
        throw new EngineError("GRAPH_INVALID", "the host's files are no layers: copy them into something");
    }
    return unreachable(operation);
  }

  #onShortcoming(step: Step, text: string): void {
    if (this.#told.has(text)) return;
    this.#told.add(text);
    this.#options.onEvent?.({ type: "limit-weakened", step, text });
  }

  async #onFailure(failed: FailedStep): Promise<void> {
    if (this.#failure !== undefined) return;
    this.#fail(failed.error);
    await this.#options.onFailedStep?.(failed);
  }

  async #inputs(steps: readonly Step[]): Promise<readonly (readonly Layer[])[]> {
    return await Promise.all(steps.map(async (input) => await this.#layersOf(input)));
  }

  async #copy(step: Step, operation: CopyOperation): Promise<readonly Layer[]> {
    const source = step.inputs.at(-1);
    const base = step.inputs.length === 2 ? step.inputs[0] : undefined;
    if (source === undefined) throw new Error("unreachable: a copy has an input");
    const below = base === undefined ? [] : await this.#layersOf(base);
    const { operation: from } = source;
    const { epoch, signal } = this.#options;
    if (from.kind === "local") {
      const files = await this.#scan(source.digest, from);
      const chosen = operation.copies.map((copy) => chooseFiles(copy, files, from.name));
      const contents = [chosen.map((selection) => digestOfFiles(selection.files))];
      const options = { root: this.#rootOf(from), epoch, signal };
      return [...below, await this.#tarOnce(step, contents, () => copyLocal(chosen, options))];
    }
    const layers = await this.#layersOf(source);
    const members = (): AsyncIterable<TarInput> => copySnapshot(operation, layers, this.#options);
    return [...below, await this.#tarOnce(step, [await diffIds(layers)], members)];
  }

  async #scan(digest: Digest, operation: LocalOperation): Promise<readonly LocalFile[]> {
    const known = this.#scans.get(digest) ?? this.#scanNow(operation);
    this.#scans.set(digest, known);
    return await known;
  }

  async #scanNow(operation: LocalOperation): Promise<readonly LocalFile[]> {
    const known = this.#options.scanned?.(operation);
    if (known !== undefined) return known;
    const root = this.#rootOf(operation);
    const memory = openMemory(this.#options.home, root);
    const selection = {
      include: operation.include.length === 0 ? undefined : new Patterns(operation.include),
      exclude: new Patterns(operation.exclude),
    };
    const { files } = await scanLocal(root, selection, memory, this.#cancel);
    memory.save();
    return files;
  }

  #rootOf({ name }: LocalOperation): string {
    const root = this.#options.locals[name];
    if (root !== undefined) return root;
    throw new EngineError("GRAPH_INVALID", `nobody said which directory of the host ${name} is`);
  }

  /** A layer of these members; `contents` is what the step reads, besides what its operation says. */
  async #tarOnce(
    step: Step,
    contents: readonly unknown[],
    members: () => AsyncIterable<TarInput> | Iterable<TarInput>,
  ): Promise<Layer> {
    const facts = [definitionOf(step.operation), ...contents, this.#options.epoch];
    return await this.#once(step, facts, [], async (key) => {
      const tar = writeTar(members(), this.#cancel);
      return await this.#made.keepTar(key, tar, describe(step.operation), this.#cancel);
    });
  }

  get #withEnvironment(): ExecuteOptions & Pick<ExecContext, "environment"> {
    return { ...this.#options, environment: this.#options.environment ?? process.env };
  }

  /** What a step gave before, here or elsewhere. */
  async #recall(step: Step, key: Digest, below: readonly DiffId[]): Promise<Layer | undefined> {
    const known = await this.#made.recall(key, below, this.#cancel);
    if (known !== undefined) return known;
    const layer = this.#options.imported?.map((steps) => steps.get(key)).find((each) => each !== undefined);
    if (layer === undefined) return undefined;
    const name = describe(step.operation);
    return this.#made.adopt(key, layer, name);
  }

  /** What a step gave before for the same facts; else what `make` gives now. */
  async #once(
    step: Step,
    facts: readonly unknown[],
    below: readonly DiffId[],
    make: (key: Digest) => Promise<Layer>,
  ): Promise<Layer> {
    const { onEvent, onLayer, cache = "use" } = this.#options;
    const key = digestBytes(Buffer.from(canonicalJson(facts)));
    const lock = await this.#made.lock(key, this.#cancel);
    try {
      const known = cache === "use" ? await this.#recall(step, key, below) : undefined;
      if (known !== undefined) {
        onEvent?.({ type: "step-cached", step });
        onLayer?.({ key, step: describe(step.operation), layer: known });
        return known;
      }
      const startedAt = performance.now();
      onEvent?.({ type: "step-started", step });
      try {
        const layer = await make(key);
        const seconds = (performance.now() - startedAt) / 1000;
        onEvent?.({ type: "step-done", step, seconds, layer });
        onLayer?.({ key, step: describe(step.operation), layer });
        return layer;
      } catch (error) {
        const isStopped = this.#cancel.signal?.aborted === true && this.#failure?.error !== error;
        this.#fail(error);
        onEvent?.(isStopped ? { type: "step-stopped", step } : { type: "step-failed", step, error });
        throw error;
      }
    } finally {
      lock.release();
    }
  }
}

async function diffIds(layers: readonly Layer[]): Promise<readonly DiffId[]> {
  return await Promise.all(layers.map(async (layer) => await layer.diffId()));
}

function unreachable(operation: never): never {
  throw new Error(`unreachable: ${JSON.stringify(operation)}`);
}
