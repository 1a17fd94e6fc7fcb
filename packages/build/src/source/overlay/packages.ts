import type { Distribution } from "../distribution/distribution.ts";
import type { Plan } from "../plan/plan.ts";
import type { ExtraPackages } from "../providers/provider.ts";

/** A plan with further packages under its steps and its image. */
export function withPackages(
  plan: Plan,
  { build = [], deploy = [] }: ExtraPackages,
  distribution: Distribution,
): Plan {
  const referenceOf = (name: string): string => qualified(name, distribution);
  const steps = Object.entries(plan.steps).map(
    ([name, step]) =>
      [
        name,
        step.root === undefined ? step : { ...step, root: packagesJoined(step.root, build.map(referenceOf)) },
      ] as const,
  );
  const root = packagesJoined(plan.deploy.root, deploy.map(referenceOf));
  return { ...plan, steps: Object.fromEntries(steps), deploy: { ...plan.deploy, root } };
}

/** `apt:NAME`, or of whose packages else a plan stands on, unless it says another scheme. */
function qualified(name: string, { ecosystem }: Distribution): string {
  return /^(apt|apk|nix|npm):./.test(name) ? name : `${ecosystem}:${name}`;
}

const PACKAGES = /^(apt|apk|nix|npm):([^:]+)(:.*)?$/;

/**
 * References and further ones. Packages are put to those of their ecosystem, where there is a reference
 * of the same release, or one of the two names none: so that one solver sees them together, and one
 * database names them.
 */
export function packagesJoined(root: readonly string[], further: readonly string[]): string[] {
  const references = [...root];
  for (const reference of further) {
    const [, scheme, names = "", release] = PACKAGES.exec(reference) ?? [];
    const place = references.findIndex((each) => {
      const [, own, , ownRelease] = PACKAGES.exec(each) ?? [];
      const isOne = release === undefined || ownRelease === undefined || ownRelease === release;
      return scheme !== undefined && own === scheme && isOne;
    });
    const [, , there = "", suffix = release ?? ""] = PACKAGES.exec(references[place] ?? "") ?? [];
    const all = [...new Set([...there.split("/"), ...names.split("/")])].filter((name) => name !== "");
    if (place >= 0) references[place] = `${scheme}:${all.join("/")}${suffix}`;
    else if (!references.includes(reference)) references.push(reference);
  }
  return references;
}
