import {
  type ContextOptions,
  ECOSYSTEM_NAMES,
  type EcosystemName,
  ecosystemOf,
  imageOfPackages,
  inputsOfPackages,
  type LayersOptions,
  type Lock,
  openContext,
  type OpenContext,
  type Solution,
  solutionsOf,
  solvePackages,
} from "@cooper/distro";
import type { MakerReference, Platform } from "@cooper/oci";
import { hostPlatform, type Scheme, type SchemeContext } from "@cooper/transport";

/** How images of packages are made. */
export interface PackageMaking extends Omit<ContextOptions, "signal"> {
  readonly layers?: LayersOptions | undefined;
  /** Nothing is solved: what this says is made. `LOCK_INVALID` where it is for another reference. */
  readonly lock?: Lock | undefined;
  /** What is made where nobody asks for a platform; default: this machine's. */
  readonly platforms?: readonly Platform[] | undefined;
}

/** `apt:curl/jq`, `apk:…`, `nix:…`, `npm:…`: an image of packages, for one platform or an index of several. */
export function packageSchemes(making: PackageMaking): readonly Scheme<MakerReference>[] {
  return ECOSYSTEM_NAMES.map((name) => ({
    name,
    open: async ({ rest }, context) => await openPackages(name, rest, making, context),
  }));
}

async function openPackages(
  name: EcosystemName,
  rest: string,
  making: PackageMaking,
  context: SchemeContext,
): ReturnType<NonNullable<Scheme<MakerReference>["open"]>> {
  const tools = await openContext({
    ...making,
    environment: making.environment ?? context.environment,
    signal: context.signal,
  });
  try {
    const solutions = await solutionsFor(name, rest, making, context, tools);
    return {
      content: imageOfPackages(solutions, tools, making.layers),
      inputs: inputsOfPackages(solutions, making.layers),
      close: async () => await tools.close(),
    };
  } catch (error) {
    await tools.close();
    throw error;
  }
}

async function solutionsFor(
  name: EcosystemName,
  rest: string,
  making: PackageMaking,
  context: SchemeContext,
  tools: OpenContext,
): Promise<readonly Solution[]> {
  const asked = context.platforms ?? (context.platform === undefined ? [] : [context.platform]);
  if (making.lock !== undefined) return solutionsOf(making.lock, `${name}:${rest}`, asked);
  const platforms = asked.length > 0 ? asked : (making.platforms ?? [hostPlatform()]);
  const request = (await ecosystemOf(name)).parse(rest);
  return await solvePackages(name, request, platforms, tools);
}
