import type { Settings } from "../providers/provider.ts";

const PREFIX = "COOPER_BUILD_";

/**
 * `COOPER_BUILD_NAME` is the setting NAME. INSTALL, BUILD, START are commands; PROVIDERS, PACKAGES and
 * DEPLOY_PACKAGES are names with spaces or commas between them; PACKAGES_FROM is who makes them.
 */
export function settingsOfEnvironment(environment: Readonly<Record<string, string | undefined>>): Settings {
  const {
    INSTALL: installCommand,
    BUILD: buildCommand,
    START: startCommand,
    PROVIDERS: providers,
    PACKAGES: build,
    DEPLOY_PACKAGES: deploy,
    PACKAGES_FROM: from,
    ...variables
  } = Object.fromEntries(
    Object.entries(environment).flatMap(([name, value]) =>
      name.startsWith(PREFIX) && value !== undefined ? [[name.slice(PREFIX.length), value] as const] : [],
    ),
  );
  return {
    variables,
    installCommand,
    buildCommand,
    startCommand,
    providers: providers === undefined ? undefined : namesIn(providers),
    packages: {
      ...(from === undefined ? {} : { from }),
      ...(build === undefined ? {} : { build: namesIn(build) }),
      ...(deploy === undefined ? {} : { deploy: namesIn(deploy) }),
    },
  };
}

/** Settings upon others: what the upper ones say counts, and `...` in a list is the lower one's. */
export function settingsOver(lower: Settings, upper: Settings): Settings {
  return {
    variables: { ...lower.variables, ...upper.variables },
    // Alone, it stands for those that are found.
    providers: lower.providers === undefined ? upper.providers : spliced(lower.providers, upper.providers),
    installCommand: upper.installCommand ?? lower.installCommand,
    buildCommand: upper.buildCommand ?? lower.buildCommand,
    startCommand: upper.startCommand ?? lower.startCommand,
    packages: {
      from: upper.packages?.from ?? lower.packages?.from,
      build: spliced(lower.packages?.build, upper.packages?.build),
      deploy: spliced(lower.packages?.deploy, upper.packages?.deploy),
    },
  };
}

/** What stands in a list for all that the list below it has. */
export const SPLICE = "...";

/** A list in place of another, which it may hold as `...`. */
export function spliced<Item>(
  lower: readonly Item[] | undefined,
  upper: readonly Item[] | undefined,
): readonly Item[] | undefined {
  if (upper === undefined) return lower;
  return upper.flatMap((item) => (item === SPLICE ? (lower ?? []) : [item]));
}

function namesIn(line: string): readonly string[] {
  return line.split(/[\s,]+/).filter((name) => name !== "");
}
