import { createHash } from "node:crypto";
import {
  type Annotations,
  type Content,
  deferImage,
  type Image,
  type ImageConfig,
  makeIndex,
  type Platform,
} from "@cooper/oci";
import type { Context } from "../ecosystem/context.ts";
import type { Assembly, PackageRequest } from "../ecosystem/ecosystem.ts";
import type { EcosystemName } from "../ecosystem/ecosystem.ts";
import { ecosystemOf } from "../ecosystem/table.ts";
import type { Solution } from "../ecosystem/solution.ts";
import { keptWhole, Listening } from "../layers/kept-whole.ts";
import { type LayersOptions, makeLayers, type PackageLayer } from "../layers/make-layers.ts";
import { PACKAGE_IMAGE_VERSION } from "./version.ts";

export interface PackageImageOptions extends LayersOptions {
  /** Of the manifest, besides the time. */
  readonly annotations?: Annotations | undefined;
  /** Changes what the image is made of: further files on top, another command. */
  readonly adapt?: ((assembly: Assembly, solution: Solution) => Assembly | Promise<Assembly>) | undefined;
}

/** Solves a request for each platform, in the order given. */
export async function solvePackages(
  name: EcosystemName,
  request: PackageRequest,
  platforms: readonly Platform[],
  context: Context,
): Promise<readonly Solution[]> {
  const ecosystem = await ecosystemOf(name);
  const solutions: Solution[] = [];
  for (const platform of platforms) {
    // oxlint-disable-next-line no-await-in-loop -- the indexes of one are those of the next
    solutions.push(await ecosystem.solve(request, platform, context));
  }
  return solutions;
}

/**
 * The image of solved packages; of several solutions an index with an image for each. Lazy: packages
 * are fetched and checked, and their layers made, when it is first read.
 */
export function imageOfPackages(
  solutions: readonly Solution[],
  context: Context,
  options: PackageImageOptions = {},
): Content {
  const manifests = solutions.map((solution) => ({
    content: imageOf(solution, context, options),
    platform: solution.platform,
  }));
  const [only, ...others] = manifests;
  return only !== undefined && others.length === 0 ? only.content : makeIndex({ manifests });
}

/**
 * All that decides about the bytes of `imageOfPackages`: two with the same inputs are the same image.
 * Nothing of how it was asked for is in it, but the command that follows from that.
 */
export function inputsOfPackages(solutions: readonly Solution[], options: LayersOptions = {}): string {
  const { strategy, budget, compression } = options;
  const facts = JSON.stringify([solutions.map(inputsOf), strategy, budget, compression]);
  return `packages ${createHash("sha256").update(facts).digest("hex")} ${PACKAGE_IMAGE_VERSION}`;
}

/** An index that was made anew changes nothing as long as it leads to the same packages. */
function inputsOf({ ecosystem, platform, request, repositories, packages, base }: Solution): unknown {
  return [
    ecosystem,
    platform,
    request,
    repositories.map(({ path, keys }) => [path, keys]),
    packages.map(({ name, version, checksum, path, details }) => [name, version, checksum, path, details]),
    base === undefined ? null : inputsOf(base),
  ];
}

function imageOf(
  solution: Solution,
  context: Context,
  { adapt, annotations, ...options }: PackageImageOptions,
): Image {
  return deferImage(async ({ signal }) => {
    const cancellable = signal === undefined ? context : { ...context, signal };
    const ecosystem = await ecosystemOf(solution.ecosystem);
    const listening = new Listening();
    const heard = listening.over(cancellable);
    const assembly = await ecosystem.assemble(solution, heard);
    // Who changes what the image is made of may do so by anything.
    const { layers, whole } =
      adapt === undefined
        ? await makeLayers(assembly, heard, options, keptWhole(inputsOfPackages([solution]), listening))
        : await makeLayers(await adapt(assembly, solution), heard, options);
    const created = new Date(whole.created * 1000).toISOString();
    return {
      config: {
        ...solution.platform,
        created,
        config: whole.run,
        history: layers.map((layer) => historyOf(layer, solution.ecosystem, created)),
      },
      layers: layers.map(({ layer }) => layer),
      annotations: { "org.opencontainers.image.created": created, ...annotations },
    };
  });
}

type HistoryEntry = NonNullable<ImageConfig["history"]>[number];

/** So that `cooper history` and every other viewer says what is in a layer. */
function historyOf({ packages }: PackageLayer, ecosystem: EcosystemName, created: string): HistoryEntry {
  const names = packages.map(({ package: { name, version } }) => `${name}=${version}`);
  const shown = names.length > 20 ? [...names.slice(0, 20), `and ${names.length - 20} more`] : names;
  const what =
    names.length === 0 ? `${ecosystem}: what belongs to all packages` : `${ecosystem}: ${shown.join(" ")}`;
  return { created, created_by: what };
}
