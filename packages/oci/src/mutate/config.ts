import { platformOfConfig } from "../config.ts";
import type { RunConfig } from "../config.ts";
import type { Platform } from "../descriptor.ts";
import type { UnfinishedConfig } from "../image-parts.ts";
import type { Content } from "../model.ts";
import { normalizePlatform } from "../platform.ts";
import { configOf, replacePlatform } from "./parts.ts";
import { changeContent } from "./scope.ts";
import type { Changed, Scope } from "./scope.ts";

/**
 * Changes the config; what `change` leaves in it stays, also keys that Cooper does not know. The
 * diffIDs are the layers' and cannot be changed. `NOT_AN_IMAGE` for an artifact.
 */
export function withConfig<Given extends Content>(
  content: Given,
  change: (config: UnfinishedConfig) => UnfinishedConfig,
  scope: Scope = {},
): Changed<Given> {
  return changeContent(
    content,
    {
      image: {
        parts: (parts) => {
          const before = configOf(parts);
          const after = change(before);
          return after === before ? parts : { ...parts, config: { ...after, rootfs: before.rootfs } };
        },
      },
    },
    scope,
  );
}

/** Changes how containers of the image are started. As `withConfig`. */
export function withRunConfig<Given extends Content>(
  content: Given,
  change: (config: RunConfig) => RunConfig,
  scope: Scope = {},
): Changed<Given> {
  return withConfig(content, (config) => ({ ...config, config: change(config.config ?? {}) }), scope);
}

/** Sets labels; undefined removes one. As `withConfig`. */
export function withLabels<Given extends Content>(
  content: Given,
  labels: Readonly<Record<string, string | undefined>>,
  scope: Scope = {},
): Changed<Given> {
  return withRunConfig(
    content,
    (config) => ({ ...config, Labels: definedOf({ ...config.Labels, ...labels }) }),
    scope,
  );
}

/** Sets environment variables, in place or at the end; undefined removes one. As `withConfig`. */
export function withEnv<Given extends Content>(
  content: Given,
  variables: Readonly<Record<string, string | undefined>>,
  scope: Scope = {},
): Changed<Given> {
  return withRunConfig(
    content,
    (config) => ({ ...config, Env: setVariables(config.Env ?? [], variables) }),
    scope,
  );
}

/** Says that the image is for another platform; its files stay as they are. As `withConfig`. */
export function withPlatform<Given extends Content>(
  content: Given,
  platform: Platform,
  scope: Scope = {},
): Changed<Given> {
  const now = platformOfConfig(normalizePlatform(platform));
  return changeContent(
    content,
    {
      image: {
        parts: (parts) => ({
          ...parts,
          config: replacePlatform(configOf(parts), now),
          descriptor: { ...parts.descriptor, platform: now },
        }),
      },
    },
    scope,
  );
}

/** Without the keys whose value is undefined; undefined itself if none is left. */
export function definedOf(
  record: Readonly<Record<string, string | undefined>>,
): Readonly<Record<string, string>> | undefined {
  const entries = Object.entries(record).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

function setVariables(
  before: readonly string[],
  variables: Readonly<Record<string, string | undefined>>,
): readonly string[] {
  const values = new Map(Object.entries(variables));
  const kept = before.flatMap((line) => {
    const name = line.split("=", 1)[0] ?? line;
    if (!values.has(name)) return [line];
    const value = values.get(name);
    values.delete(name);
    return value === undefined ? [] : [`${name}=${value}`];
  });
  return [
    ...kept,
    ...[...values].flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${value}`])),
  ];
}
