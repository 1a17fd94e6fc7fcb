import type { ApkoConfiguration } from "./schema.ts";

/**
 * What an including file makes of the one that it includes: maps are merged key by key, lists are put
 * one behind the other, and of anything else the later one counts.
 */
export function mergeConfigurations(base: ApkoConfiguration, over: ApkoConfiguration): ApkoConfiguration {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- merging keeps the shape of both
  return merge(base, over) as ApkoConfiguration;
}

function merge(base: unknown, over: unknown): unknown {
  if (over === undefined) return base;
  if (Array.isArray(base) && Array.isArray(over)) return [...base, ...over];
  if (isRecord(base) && isRecord(over)) {
    const keys = new Set([...Object.keys(base), ...Object.keys(over)]);
    return Object.fromEntries([...keys].map((key) => [key, merge(base[key], over[key])]));
  }
  return over;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
