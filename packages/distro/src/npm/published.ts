import { z } from "zod";
import type { Context } from "../ecosystem/context.ts";
import type { SolvedPackage } from "../ecosystem/solution.ts";
import { DistroError } from "../errors.ts";
import type { Registries } from "./registries.ts";

/** What a registry says of one version of a package. */
export interface Published {
  readonly integrity: string | undefined;
  readonly signatures: readonly { readonly keyid: string; readonly sig: string }[];
  /** Seconds since 1970 at which it was published, asked for only when it matters. */
  time(): Promise<number | undefined>;
}

/** Bytes of one version's document, and of a package's with all versions and times. */
const MAX_VERSION = 8 * 2 ** 20;
const MAX_DOCUMENT = 256 * 2 ** 20;

/** `NOT_FOUND`, `INDEX_INVALID`, `FETCH_FAILED`, `OFFLINE` */
export async function readPublished(
  { name, version }: SolvedPackage,
  address: string,
  registries: Registries,
  context: Context,
): Promise<Published> {
  const url = `${address}${name.replace("/", "%2f")}`;
  const ask = async (what: string, limit: number): Promise<unknown> => {
    const { headers, proxy } = registries.access(what);
    const { bytes } = await context.fetcher.current(what, {
      limit,
      label: `${name} ${version}`,
      headers: { accept: "application/json", ...headers },
      proxy,
      signal: context.signal,
    });
    return parse(bytes, `${name} ${version}`);
  };
  const read = versionSchema.safeParse(await ask(`${url}/${encodeURIComponent(version)}`, MAX_VERSION));
  if (!read.success) throw invalid(`${name} ${version}`, z.prettifyError(read.error), read.error);
  return {
    integrity: read.data.dist.integrity,
    signatures: read.data.dist.signatures,
    time: async () => {
      const times = timesSchema.safeParse(await ask(url, MAX_DOCUMENT));
      const time = times.success ? Date.parse(times.data.time[version] ?? "") : NaN;
      return Number.isNaN(time) ? undefined : time / 1000;
    },
  };
}

const versionSchema = z.looseObject({
  dist: z.looseObject({
    integrity: z.string().optional(),
    signatures: z.array(z.looseObject({ keyid: z.string(), sig: z.base64() })).default([]),
  }),
});

const timesSchema = z.looseObject({ time: z.record(z.string(), z.string()) });

function parse(bytes: Buffer, label: string): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    throw invalid(label, "no JSON", cause);
  }
}

function invalid(label: string, what: string, cause: unknown): DistroError {
  return new DistroError("INDEX_INVALID", `what the registry says of ${label}: ${what}`, { cause });
}
