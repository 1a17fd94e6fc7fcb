import { type Content, type Image, type ImageConfig, makeImage, makeIndex, type Platform } from "@cooper/oci";
import type { Context } from "../ecosystem/context.ts";
import type { Assembly, PackageRequest } from "../ecosystem/ecosystem.ts";
import type { EcosystemName } from "../ecosystem/ecosystem.ts";
import { ecosystemOf } from "../ecosystem/table.ts";
import type { Solution } from "../ecosystem/solution.ts";
import { type LayersOptions, makeLayers, type PackageLayer } from "../layers/make-layers.ts";

export interface PackageImageOptions extends LayersOptions {
  /** Changes what the image is made of: further files on top, another command. */
  readonly adapt?: ((assembly: Assembly, solution: Solution) => Assembly) | undefined;
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
 * The image of solved packages; of several solutions an index with an image for each. Packages are
 * fetched and checked and their layers made before this returns.
 */
export async function imageOfPackages(
  solutions: readonly Solution[],
  context: Context,
  options: PackageImageOptions = {},
): Promise<Content> {
  const images: Image[] = [];
  for (const solution of solutions) {
    // oxlint-disable-next-line no-await-in-loop -- one image takes all that the machine has
    images.push(await imageOf(solution, context, options));
  }
  const [only, ...others] = images;
  return only !== undefined && others.length === 0 ? only : makeIndex({ manifests: images });
}

async function imageOf(
  solution: Solution,
  context: Context,
  { adapt = (assembly) => assembly, ...options }: PackageImageOptions,
): Promise<Image> {
  const ecosystem = await ecosystemOf(solution.ecosystem);
  const assembly = adapt(await ecosystem.assemble(solution, context), solution);
  const layers = await makeLayers(assembly, context, options);
  const created = new Date(assembly.created * 1000).toISOString();
  return makeImage({
    config: {
      ...solution.platform,
      created,
      config: assembly.run,
      history: layers.map((layer) => historyOf(layer, solution.ecosystem, created)),
    },
    layers: layers.map(({ layer }) => layer),
    annotations: { "org.opencontainers.image.created": created },
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
