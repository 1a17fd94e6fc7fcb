import {
  boundBuildCache,
  execute,
  type ExecuteOptions,
  holdBuild,
  type ImageOperation,
  type Step,
} from "@cooper/engine";
import type { Cancellable } from "@cooper/archive";
import { inParallel } from "@cooper/distro";
import { type Image, type ImageConfig, type Layer, makeImage } from "@cooper/oci";
import { type Opened, selectImage } from "@cooper/transport";
import { makeResolver, type ResolverOptions } from "../../schemes/resolver.ts";
import { packageLocks } from "../lock/locks.ts";
import { graphOfPlan, referencesOf } from "../plan/graph.ts";
import { DEFAULT_DIRECTORY, DEFAULT_USER, type Plan } from "../plan/plan.ts";
import { initOf, rootsOf } from "../plan/init.ts";
import { annotationsOf, labelsOf } from "./labels.ts";
import { type Origin, originOf } from "../project/origin.ts";
import type { Source } from "../project/source.ts";
import { Keeping, openRoot } from "./roots.ts";
import { LAYER_EPOCH } from "./time.ts";
import { withAsker } from "../versions/npm-tools.ts";
import type { Settings } from "../providers/provider.ts";

export interface BuildSourceOptions
  extends Omit<ExecuteOptions, "epoch" | "openImage" | "locals">, ResolverOptions {
  /** Whether references that were opened lately mean what they meant then; default `remembered`. */
  readonly roots?: "remembered" | "apart" | undefined;
  /**
   * Seconds since 1970 that everything gets, SOURCE_DATE_EPOCH. Default: the image that of its source,
   * files of layers `LAYER_EPOCH`.
   */
  readonly epoch?: number | undefined;
  /** What the plan was made with, to say who asks for a version that there is not; default: the plan alone asks. */
  readonly settings?: Settings | undefined;
  /** Where the source comes from; default: what git says. */
  readonly origin?: Origin | undefined;
  /** `graph`: nothing is built once the graph is known. Default `image`. */
  readonly goal?: "image" | "graph" | undefined;
  /** Told the graph before it is built. */
  readonly onGraph?: ((last: Step) => void) | undefined;
}

/** An image that was built. Close it when it is written: its base layers may lie in a cache. */
export interface BuiltImage {
  readonly image: Image;
  close(): Promise<void>;
}

/**
 * Runs a plan on a source: opens the images that it stands on, builds the graph, and puts what came
 * of it under a config. What the resolver, the engine and the graph throw: `STEP_FAILED`,
 * `PLAN_INVALID`, `UNSOLVABLE`, …
 */
export async function buildSource(
  plan: Plan,
  source: Source,
  options: BuildSourceOptions,
): Promise<BuiltImage | undefined> {
  const { platform, signal } = options;
  const opened = new Map<string, Opened>();
  const keeping = new Keeping();
  // Others that clean up leave alone what a build uses, until its image is written.
  const held = await holdBuild(options.home, { signal });
  const close = async (): Promise<void> => {
    for (const each of opened.values()) await each.close();
    opened.clear();
    held.release();
    await boundBuildCache(options.home);
  };
  try {
    // Asked at once, for git is slow; told when the image is put together.
    const origin = options.origin ?? originOf(source);
    const pinned = await openRoots(plan, source, options, { opened, keeping });
    const secrets = options.secrets ?? new Map<string, Buffer>();
    const last = graphOfPlan(plan, {
      platform,
      pinned,
      ignored: source.ignored,
      secrets: [...secrets.keys()],
    });
    options.onGraph?.(last);
    if (options.goal === "graph") {
      await keeping.end();
      await close();
      return undefined;
    }
    const epoch = options.epoch ?? LAYER_EPOCH;
    const layers = await execute(last, {
      ...options,
      secrets,
      epoch,
      locals: { source: source.directory },
      scanned: ({ name, include, exclude }) =>
        name === "source" && include.length === 0 && exclude === source.ignored ? source.files : undefined,
      openImage: async ({ reference }: ImageOperation) => {
        const found = opened.get(reference);
        if (found === undefined) throw new Error(`unreachable: ${reference} was not opened`);
        return await selectImage(found.content, { platform, signal });
      },
      // While this process has little else to do.
      onCommand: () => keeping.begin(),
    });
    await keeping.end();
    return {
      image: await compose(plan, layers, await baseEnvironment(plan, opened, options), options, await origin),
      close,
    };
  } catch (error) {
    // Whoever repairs what failed builds again. That it failed is what counts.
    if (signal?.aborted !== true) await keeping.end().catch(() => {});
    await close();
    throw error;
  }
}

/**
 * Opens all that a plan stands on, side by side, and gives what each is made of. Whatever could be opened
 * is in `opened` when this settles, also where something else could not.
 */
async function openRoots(
  plan: Plan,
  source: Source,
  options: BuildSourceOptions,
  { opened, keeping }: { readonly opened: Map<string, Opened>; readonly keeping: Keeping },
): Promise<ReadonlyMap<string, string>> {
  const roots = options.roots === "apart" ? "apart" : options.cache === "ignore" ? "again" : "remembered";
  const { locks } = plan;
  const { packages, further } = options;
  const resolver = makeResolver({
    packages: locks === undefined ? packages : { ...packages, locks: packageLocks(locks) },
    further,
  });
  const references = referencesOf(plan);
  const open = async (reference: string, cancel: Cancellable): Promise<readonly [string, string]> => {
    try {
      const root = await openRoot(reference, { ...options, ...cancel, resolver, roots, locks });
      opened.set(reference, root.opened);
      keeping.add(root);
      return [reference, root.pinned];
    } catch (error) {
      throw options.settings === undefined ? error : withAsker(error, reference, source, options.settings);
    }
  };
  return new Map(await inParallel(references, references.length, open, options));
}

/** Variables that the images under the application set. */
async function baseEnvironment(
  plan: Plan,
  opened: ReadonlyMap<string, Opened>,
  { platform, signal }: BuildSourceOptions,
): Promise<ReadonlyMap<string, string>> {
  const environment = new Map<string, string>();
  for (const reference of rootsOf(plan)) {
    const found = opened.get(reference);
    if (found === undefined) continue;
    // oxlint-disable-next-line no-await-in-loop
    const { config } = await (await selectImage(found.content, { platform, signal })).config({ signal });
    for (const entry of config?.Env ?? []) {
      const [name = "", ...value] = entry.split("=");
      environment.set(name, value.join("="));
    }
  }
  return environment;
}

async function compose(
  plan: Plan,
  layers: readonly Layer[],
  base: ReadonlyMap<string, string>,
  { platform, epoch }: BuildSourceOptions,
  origin: Origin,
): Promise<Image> {
  const { deploy } = plan;
  const created = new Date((epoch ?? origin.seconds) * 1000).toISOString();
  const annotations = annotationsOf(origin, created);
  const environment = new Map([...base, ...Object.entries(deploy.environment ?? {})]);
  const run: NonNullable<ImageConfig["config"]> = {
    User: deploy.user ?? DEFAULT_USER,
    WorkingDir: deploy.directory ?? DEFAULT_DIRECTORY,
    Env: [...environment].map(([name, value]) => `${name}=${value}`),
    Entrypoint: [...(initOf(plan)?.command ?? []), ...deploy.command],
    ...(deploy.ports === undefined
      ? {}
      : { ExposedPorts: Object.fromEntries(deploy.ports.map((port) => [`${port}/tcp`, {}])) }),
    ...(deploy.healthcheck === undefined
      ? {}
      : {
          Healthcheck: {
            Test: ["CMD", ...deploy.healthcheck.command],
            Interval: (deploy.healthcheck.interval ?? 30) * 1e9,
          },
        }),
    Labels: { ...annotations, ...labelsOf(plan) },
    ...(deploy.stopSignal === undefined ? {} : { StopSignal: deploy.stopSignal }),
  };
  return makeImage({
    config: {
      ...platform,
      created,
      config: run,
      history: layers.map(() => ({ created, created_by: `cooper build (${plan.providers.join(", ")})` })),
    },
    layers,
    annotations,
  });
}
