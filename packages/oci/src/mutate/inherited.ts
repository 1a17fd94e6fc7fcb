import type { RunConfig } from "../config.ts";

/**
 * How an image is started once it stands on another base. What it has from its old base as it was
 * there comes from the new one, or goes with the old one; what it set or took away itself stays so.
 * That holds for each variable and each label. All else stays: how a program is started is its own.
 */
export function inheritedConfig(
  own: RunConfig | undefined,
  oldBase: RunConfig | undefined,
  newBase: RunConfig | undefined,
): RunConfig | undefined {
  const { Env, Labels, ...rest } = own ?? {};
  const env = inherited(variables(Env), variables(oldBase?.Env), variables(newBase?.Env));
  const labels = inherited(entries(Labels), entries(oldBase?.Labels), entries(newBase?.Labels));
  if (own === undefined && env.size === 0 && labels.size === 0) return undefined;
  return {
    ...rest,
    ...(env.size > 0 ? { Env: [...env.values()] } : {}),
    ...(labels.size > 0 ? { Labels: Object.fromEntries(labels) } : {}),
  };
}

/** The base's come first, as where the image would be built on it. */
function inherited(own: Settings, oldBase: Settings, newBase: Settings): Settings {
  const result = new Map<string, string>();
  for (const [name, value] of newBase) {
    const isTakenAway = oldBase.has(name) && !own.has(name);
    if (!isTakenAway) result.set(name, value);
  }
  for (const [name, value] of own) if (oldBase.get(name) !== value) result.set(name, value);
  return result;
}

type Settings = ReadonlyMap<string, string>;

/** By name, each with its whole `NAME=value`; of two with one name the last one counts. */
function variables(env: readonly string[] | undefined): Settings {
  return new Map((env ?? []).map((variable) => [variable.split("=", 1)[0] ?? "", variable]));
}

function entries(labels: Readonly<Record<string, string>> | undefined): Settings {
  return new Map(Object.entries(labels ?? {}));
}
