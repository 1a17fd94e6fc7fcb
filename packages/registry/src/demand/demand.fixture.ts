import type { TestContext } from "node:test";
import { makeImage, makeIndex, makeLayer, validate } from "@cooper/oci";
import type { Content, Descriptor, Image } from "@cooper/oci";
import { fromBytes, writeTar } from "@cooper/archive";
import { openReference, write } from "@cooper/transport";
import { createRegistry } from "../registry.ts";
import type { RegistryOptions } from "../options.ts";
import { memoryStorage } from "../storage/memory.ts";
import type { Storage } from "../storage/storage.ts";
import { Demand } from "./demand.ts";
import type { DemandOptions } from "./options.ts";

export interface Serving {
  /** `127.0.0.1:PORT`, as it stands in a reference. */
  readonly host: string;
  readonly url: string;
  readonly storage: Storage;
  readonly demand: Demand;
  close(): Promise<void>;
}

/** A registry that makes what it is asked for, from upstreams on this machine; it ends with the test. */
export async function serveDemand(
  t: TestContext,
  options: Partial<DemandOptions> = {},
  registry: Partial<RegistryOptions> = {},
): Promise<Serving> {
  const storage = options.storage ?? memoryStorage();
  const demand = new Demand({
    upstreams: [{ host: "*", addresses: "any" }],
    upstreamOptions: { retries: { tries: 1 }, timeouts: { answer: 5, idle: 5 } },
    ...options,
    storage,
  });
  const listening = await createRegistry({ storage, demand, ...registry }).listen({ graceSeconds: 1 });
  const close = async (): Promise<void> => {
    await demand.close();
    await listening.close();
  };
  t.after(close);
  return { host: `127.0.0.1:${listening.port}`, url: listening.url, storage, demand, close };
}

export interface UpstreamServer {
  readonly host: string;
  /** As a component of a name: `127.0.0.1__c5000`. */
  readonly component: string;
  /** Every request so far: `GET /v2/`. */
  readonly log: readonly string[];
  /** Pushes an image; gives its descriptor. */
  push(name: string, content: Content): Promise<Descriptor>;
  close(): Promise<void>;
}

/** A registry that another one takes images from; ours, and so without surprises. */
export async function startUpstream(
  t: TestContext,
  options: Partial<RegistryOptions> = {},
): Promise<UpstreamServer> {
  const log: string[] = [];
  const registry = createRegistry({
    storage: memoryStorage(),
    observe: ({ method, path }) => log.push(`${method} ${path}`),
    ...options,
  });
  const listening = await registry.listen({ graceSeconds: 0 });
  t.after(async () => await listening.close());
  const host = `127.0.0.1:${listening.port}`;
  return {
    host,
    component: host.replace(":", "__c"),
    log,
    push: async (name, content) => await write(content, `docker://${host}/${name}`),
    close: async () => await listening.close(),
  };
}

/** An image with a layer for each name, which holds a file of that name. */
export function imageWith(names: readonly string[], architecture: string = "amd64"): Image {
  const layers = names.map((path) =>
    makeLayer({ tar: () => writeTar([{ path, type: "file", bytes: Buffer.from(path.repeat(1000)) }]) }),
  );
  return makeImage({ config: { os: "linux", architecture }, layers });
}

/** An index with an image for each of three platforms. */
export function indexWith(names: readonly string[]): Content {
  return makeIndex({
    manifests: ["amd64", "arm64", "s390x"].map((architecture) => imageWith(names, architecture)),
  });
}

/** One layer of noise. */
export function imageOfBytes(bytes: Uint8Array): Image {
  const layer = makeLayer({
    tar: () =>
      writeTar([{ path: "noise", type: "file", size: bytes.byteLength, content: () => fromBytes(bytes) }]),
    compression: "none",
  });
  return makeImage({ config: { os: "linux", architecture: "amd64" }, layers: [layer] });
}

export interface Pulled {
  readonly digest: string;
  /** Of each image, how many layers it has, by architecture. */
  readonly layers: Readonly<Record<string, number>>;
  readonly mediaTypes: readonly string[];
}

/** Pulls all of an image by Cooper's own client, checks it, and says what it was. */
export async function pull(reference: string): Promise<Pulled> {
  const opened = await openReference(`docker://${reference}`, { registry: { retries: { tries: 1 } } });
  try {
    const mismatches = await validate(opened.content, { depth: "full" });
    if (mismatches.length > 0) throw new Error(`${reference}: ${JSON.stringify(mismatches)}`);
    const images = opened.content.kind === "image" ? [opened.content] : await opened.content.children();
    const layers: Record<string, number> = {};
    const mediaTypes = new Set<string>();
    for (const image of images) {
      if (image.kind !== "image") throw new Error(`${reference} has an index in an index`);
      // oxlint-disable-next-line no-await-in-loop
      const [config, all] = [await image.config(), await image.layers()];
      layers[config.architecture] = all.length;
      for (const layer of all) mediaTypes.add(layer.mediaType);
    }
    return { digest: await opened.content.digest(), layers, mediaTypes: [...mediaTypes] };
  } finally {
    await opened.close();
  }
}
