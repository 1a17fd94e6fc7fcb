import { z } from "zod";
import { platformShape } from "./descriptor.ts";
import type { Platform } from "./descriptor.ts";
import { isDiffId } from "./digest.ts";
import type { DiffId } from "./digest.ts";
import { parseJson } from "./json.ts";
import { tooLarge } from "./manifest.ts";
import { checkShape, isRecord, withoutNulls } from "./schema.ts";

/** Bytes that a config may have: much more than a manifest, since some artifacts keep their all in it. */
export const MAX_CONFIG_BYTES: number = 16 * 2 ** 20;

/** What an image is made of and how to start it (image-spec, config.md). Unknown keys are kept. */
export interface ImageConfig extends Platform {
  /** RFC 3339. */
  readonly created?: string | undefined;
  readonly author?: string | undefined;
  readonly config?: RunConfig | undefined;
  readonly rootfs: RootFs;
  /** One entry for each step, also for those that made no layer; the first step first. */
  readonly history?: readonly HistoryEntry[] | undefined;
}

/** How to start a container of the image (image-spec, config.md, config). Unknown keys are kept. */
export interface RunConfig {
  readonly User?: string | undefined;
  /** `port`, `port/tcp` or `port/udp`. */
  readonly ExposedPorts?: Readonly<Record<string, object>> | undefined;
  /** `NAME=value`. */
  readonly Env?: readonly string[] | undefined;
  readonly Entrypoint?: readonly string[] | undefined;
  readonly Cmd?: readonly string[] | undefined;
  readonly Volumes?: Readonly<Record<string, object>> | undefined;
  readonly WorkingDir?: string | undefined;
  readonly Labels?: Readonly<Record<string, string>> | undefined;
  readonly StopSignal?: string | undefined;
  readonly ArgsEscaped?: boolean | undefined;
  /** Docker's. */
  readonly Shell?: readonly string[] | undefined;
  /** Docker's. */
  readonly OnBuild?: readonly string[] | undefined;
  /** Docker's. */
  readonly Healthcheck?: Healthcheck | undefined;
}

export interface Healthcheck {
  readonly Test?: readonly string[] | undefined;
  /** Nanoseconds. */
  readonly Interval?: number | undefined;
  /** Nanoseconds. */
  readonly Timeout?: number | undefined;
  /** Nanoseconds. */
  readonly StartPeriod?: number | undefined;
  /** Nanoseconds. */
  readonly StartInterval?: number | undefined;
  readonly Retries?: number | undefined;
}

export interface RootFs {
  readonly type: "layers";
  readonly diff_ids: readonly DiffId[];
}

export interface HistoryEntry {
  /** RFC 3339. */
  readonly created?: string | undefined;
  readonly author?: string | undefined;
  readonly created_by?: string | undefined;
  readonly comment?: string | undefined;
  /** True for a step that made no layer. */
  readonly empty_layer?: boolean | undefined;
}

/**
 * An image config from its exact bytes. Go's nulls are dropped, and an absent os or architecture,
 * which old tools leave out, is the empty string. `INVALID_JSON`, `INVALID_MANIFEST`, `MANIFEST_TOO_LARGE`
 */
export function parseConfig(raw: Uint8Array): ImageConfig {
  if (raw.byteLength > MAX_CONFIG_BYTES) throw tooLarge("config", raw.byteLength, MAX_CONFIG_BYTES);
  return checkShape(configSchema, normalizeConfig(parseJson(raw, "config")), "config");
}

/** The platform that a config names, without its other fields. */
export function platformOfConfig(config: Platform): Platform {
  return {
    os: config.os,
    architecture: config.architecture,
    ...(config.variant === undefined ? {} : { variant: config.variant }),
    ...(config["os.version"] === undefined ? {} : { "os.version": config["os.version"] }),
    ...(config["os.features"] === undefined ? {} : { "os.features": config["os.features"] }),
  };
}

const strings = z.array(z.string()).readonly();
// Docker keeps a set as an object whose values are {}; only the keys mean anything.
const keys = z.record(z.string(), z.record(z.string(), z.unknown())).readonly();

const healthcheckSchema: z.ZodType<Healthcheck, Healthcheck> = z.looseObject({
  Test: strings.optional(),
  Interval: z.number().optional(),
  Timeout: z.number().optional(),
  StartPeriod: z.number().optional(),
  StartInterval: z.number().optional(),
  Retries: z.number().optional(),
});

const runShape = {
  User: z.string().optional(),
  ExposedPorts: keys.optional(),
  Env: strings.optional(),
  Entrypoint: strings.optional(),
  Cmd: strings.optional(),
  Volumes: keys.optional(),
  WorkingDir: z.string().optional(),
  Labels: z.record(z.string(), z.string()).readonly().optional(),
  StopSignal: z.string().optional(),
  ArgsEscaped: z.boolean().optional(),
  Shell: strings.optional(),
  OnBuild: strings.optional(),
  Healthcheck: healthcheckSchema.optional(),
};

const diffIdSchema: z.ZodType<DiffId, DiffId> = z.custom<DiffId>(
  (value) => typeof value === "string" && isDiffId(value),
  { error: "is not a digest such as sha256: and 64 lower-case hexadecimal digits" },
);

const historyShape = {
  created: z.string().optional(),
  author: z.string().optional(),
  created_by: z.string().optional(),
  comment: z.string().optional(),
  empty_layer: z.boolean().optional(),
};

const configShape = {
  ...platformShape,
  created: z.string().optional(),
  author: z.string().optional(),
  config: z.looseObject(runShape).optional(),
  rootfs: z.looseObject({ type: z.literal("layers"), diff_ids: z.array(diffIdSchema).readonly() }),
  history: z.array(z.looseObject(historyShape)).readonly().optional(),
};

const configSchema: z.ZodType<ImageConfig, ImageConfig> = z.looseObject(configShape);

function normalizeConfig(value: unknown): unknown {
  const config = withoutNulls(value, configShape);
  if (!isRecord(config)) return config;
  const { os = "", architecture = "", config: run, rootfs, history, ...rest } = config;
  return {
    ...rest,
    os,
    architecture,
    rootfs: normalizeRootFs(rootfs),
    ...(run === undefined ? {} : { config: withoutNulls(run, runShape) }),
    ...(history === undefined ? {} : { history: normalizeHistory(history) }),
  };
}

function normalizeRootFs(rootfs: unknown): unknown {
  if (!isRecord(rootfs) || (rootfs["diff_ids"] ?? null) !== null) return rootfs;
  return { ...rootfs, diff_ids: [] };
}

function normalizeHistory(history: unknown): unknown {
  if (!Array.isArray(history)) return history;
  return history.map((entry: unknown) => withoutNulls(entry, historyShape));
}
