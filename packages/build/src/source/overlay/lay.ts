import { complaintOf } from "../../configuration/complaint.ts";
import { type Plan, planSchema } from "../plan/plan.ts";
import type { Settings } from "../providers/provider.ts";
import { spliced } from "./settings.ts";
import { isTable } from "../project/source.ts";
import { type Overlay, overlayInvalid } from "./read.ts";

/** What a project's file says that providers ask for. */
export function settingsOfOverlay({ file }: Overlay): Settings {
  return {
    variables: file.variables ?? {},
    providers: file.providers,
    installCommand: file.install,
    buildCommand: file.build,
    startCommand: file.start,
    packages: file.packages,
  };
}

/**
 * A plan with what the project's file says about its steps and its image laid over it: maps are merged
 * key by key, all else is replaced. What `above` says, which is environment and flags, counts more than
 * the file. `CONFIGURATION_INVALID` where no plan comes of it.
 */
export function layOver(plan: Plan, overlay: Overlay, above: Settings): Plan {
  const { file, path, places } = overlay;
  const { variables = {}, exclude, sources } = file;
  const merged = merge(
    plan,
    { ...(sources === undefined ? {} : { sources }), steps: file.steps ?? {}, deploy: file.deploy ?? {} },
    (at) => isSaidAbove(at, above),
  );
  const parsed = planSchema.safeParse({
    ...plan,
    ...(exclude === undefined ? {} : { exclude }),
    ...(isTable(merged) ? merged : {}),
  });
  if (!parsed.success) throw overlayInvalid(path, complaintOf(parsed.error, places));
  return {
    ...parsed.data,
    steps: Object.fromEntries(
      Object.entries(parsed.data.steps).map(([name, step]) => {
        const environment = {
          ...plan.steps[name]?.environment,
          ...variables,
          ...file.steps?.[name]?.environment,
        };
        return [name, Object.keys(environment).length === 0 ? step : { ...step, environment }];
      }),
    ),
  };
}

function merge(lower: unknown, upper: unknown, isLeftOut: (at: string) => boolean, at = ""): unknown {
  if (Array.isArray(upper)) return spliced(Array.isArray(lower) ? lower : [], upper);
  if (!isTable(upper)) return upper;
  const merged: Record<string, unknown> = isTable(lower) ? { ...lower } : {};
  for (const [key, value] of Object.entries(upper)) {
    const place = at === "" ? key : `${at}.${key}`;
    if (value !== undefined && !isLeftOut(place)) merged[key] = merge(merged[key], value, isLeftOut, place);
  }
  return merged;
}

function isSaidAbove(at: string, { installCommand, buildCommand, startCommand }: Settings): boolean {
  switch (at) {
    case "steps.install.commands":
      return installCommand !== undefined;
    case "steps.build.commands":
      return buildCommand !== undefined;
    case "deploy.command":
      return startCommand !== undefined;
    default:
      return false;
  }
}
