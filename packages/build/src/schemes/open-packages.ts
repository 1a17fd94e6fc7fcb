import {
  type EcosystemName,
  ecosystemOf,
  imageOfPackages,
  inputsOfPackages,
  openContext,
  type OpenContext,
  type Solution,
  solutionsOf,
  solvePackages,
} from "@cooper/distro";
import type { MakerReference } from "@cooper/oci";
import { hostPlatform, type Scheme, type SchemeContext } from "@cooper/transport";
import type { PackageMaking } from "./packages.ts";

/** Opens `NAME:REST`, an image of packages: solves it, unless a lock says what is in it. */
export async function openPackages(
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
  if (making.locks !== undefined) return solutionsOf(making.locks, `${name}:${rest}`, asked);
  const platforms = asked.length > 0 ? asked : (making.platforms ?? [hostPlatform()]);
  const request = (await ecosystemOf(name)).parse(rest);
  return await solvePackages(name, request, platforms, tools);
}
