import type { ServerResponse } from "node:http";
import type { Digest } from "@cooper/oci";
import { RegistryError } from "../errors.ts";
import { warningHeaders } from "../http/answer.ts";
import { isTag, storableDigest } from "../names.ts";
import type { Route } from "../route.ts";
import { ClientGone } from "../routes/blobs.ts";
import type { BlobReader, Storage } from "../storage/storage.ts";
import { Building } from "./building.ts";
import { Builds } from "./builds.ts";
import type { Build } from "./builds.ts";
import { Failures } from "./failures.ts";
import { makeFault } from "./faults.ts";
import type { Boarded, Flight } from "./flights.ts";
import { held } from "./held.ts";
import { Ledger } from "./ledger.ts";
import { ImageMaker } from "./make-image.ts";
import type { Maker } from "./maker.ts";
import { MAKERS } from "./makers/table.ts";
import { PullThrough } from "./mirror/pull-through.ts";
import { readName } from "./name.ts";
import type { MakerTable } from "./name.ts";
import { DEFAULT_DEMAND_LIMITS, DEFAULT_DEMAND_TIMES, DEFAULT_PLATFORMS } from "./options.ts";
import type { DemandOptions, DemandTimes } from "./options.ts";
import { rootRoute } from "./root-names.ts";
import { DEFAULT_UPSTREAMS, Upstreams } from "./upstreams.ts";

/** Somebody who asks for something. */
export interface Ask {
  readonly response: ServerResponse;
  /** Who counts as one: a user, or an address. */
  readonly visitor: string;
  /** Fails unless the visitor may have it made. `UNAUTHORIZED` `DENIED` */
  mayMake(repository: string): Promise<void>;
}

/** What a registry has made because somebody asks for it. */
export class Demand {
  readonly builds: Builds = new Builds();
  readonly ledger: Ledger;
  readonly makers: readonly Maker[];
  readonly #options: DemandOptions;
  readonly #times: DemandTimes;
  readonly #table: MakerTable;
  readonly #storage: Storage;
  readonly #upstreams: Upstreams;
  readonly #failures: Failures;
  readonly #building: Building;
  readonly #pullThrough: PullThrough;

  constructor(options: DemandOptions) {
    const { storage, upstreams = DEFAULT_UPSTREAMS, upstreamOptions, makers } = options;
    this.#options = options;
    this.#storage = storage;
    this.#times = { ...DEFAULT_DEMAND_TIMES, ...options.times };
    this.makers = MAKERS.filter(({ name }) => makers?.includes(name) ?? true);
    this.#table = new Map(this.makers.map((maker) => [maker.name, maker]));
    this.ledger = new Ledger(storage);
    this.#upstreams = new Upstreams(upstreams, upstreamOptions);
    this.#failures = new Failures(this.#times.failure);
    const limits = { ...DEFAULT_DEMAND_LIMITS, ...options.limits };
    const lingerSeconds = this.#times.linger;
    const shared = { storage, ledger: this.ledger, upstreams: this.#upstreams };
    this.#building = new Building({
      builds: this.builds,
      imageMaker: new ImageMaker({
        ...shared,
        platforms: options.platforms ?? DEFAULT_PLATFORMS,
        packages: options.packages ?? {},
        sharing: options.sharing ?? "never",
        imageBytes: limits.imageBytes,
      }),
      ledger: this.ledger,
      limits,
      lingerSeconds,
      observe: options.observe ?? (() => {}),
    });
    this.#pullThrough = new PullThrough({
      ...shared,
      limits,

      lingerSeconds,
    });
  }

  /** How many builds go on, and how many wait for their turn. */
  load(): { readonly running: number; readonly waiting: number } {
    const { running, waiting } = this.#building;
    return { running, waiting };
  }

  /** Whether names such as this one are made here, and nobody pushes to them. */
  owns(repository: string): boolean {
    return this.#makerOf(repository) !== undefined;
  }

  /** What a route means: names at the root may be short for others, and `ns=` says of which registry. */
  async locate(route: Route, method: string, query: URLSearchParams): Promise<Route> {
    if (!("repository" in route) || this.owns(route.repository)) return route;
    return await rootRoute(route, {
      method,
      namespace: query.get("ns") ?? undefined,
      root: this.#options.root,
      storage: this.#storage,
      mirrors: this.#table.has("mirror"),
    });
  }

  /** Sees to it that a manifest is in the storage, as far as it can be made. */
  async prepare(repository: string, reference: string, ask: Ask): Promise<void> {
    const maker = this.#makerOf(repository);
    if (maker === undefined) return;
    if (reference.includes(":")) await this.#digest(maker, repository, storableDigest(reference), ask);
    else if (isTag(reference)) await this.#tag(maker, repository, reference, ask);
  }

  /** From where the blobs of a repository are read: of a mirror, also from its upstream. */
  blobs(repository: string, ask: Ask): BlobReader {
    const storage = this.#storage;
    const maker = this.#makerOf(repository);
    if (maker?.how !== "pull-through") return storage;
    const mirrored = this.#pullThrough.mirrored(readName(this.#table, maker, repository, "latest"));
    const fetched = async <T>(digest: Digest, fetch: () => Promise<T>): Promise<T> => {
      await ask.mayMake(repository);
      try {
        return await fetch();
      } catch (error) {
        const fault = makeFault(error, `${repository}@${digest}`);
        throw fault.code === "MANIFEST_UNKNOWN" ? new RegistryError("BLOB_UNKNOWN", fault.message) : fault;
      }
    };
    return {
      blobSize: async (name, digest) =>
        (await storage.blobSize(name, digest)) ??
        (await fetched(digest, async () => await this.#pullThrough.blobSize(mirrored, digest))),
      openBlob: async (name, digest) =>
        (await storage.openBlob(name, digest)) ??
        (await fetched(digest, async () => await this.#pullThrough.openBlob(mirrored, digest, ask.visitor))),
    };
  }

  /** Stops a build, also for those who wait for it. Whether it went on. */
  stop(build: Build): boolean {
    return this.#building.stop(build);
  }

  /** Stops what goes on. What was begun is made again when it is asked for again. */
  async close(): Promise<void> {
    await Promise.all([this.#building.close(), this.#pullThrough.close()]);
    await this.#upstreams.close();
  }

  #makerOf(repository: string): Maker | undefined {
    const slash = repository.indexOf("/");
    return slash < 0 ? undefined : this.#table.get(repository.slice(0, slash));
  }

  async #tag(maker: Maker, repository: string, tag: string, ask: Ask): Promise<void> {
    const stored = await this.#storage.tag(repository, tag);
    const made = await this.ledger.made(`${repository}:${tag}`);
    const { refresh, revalidate } = this.#times;
    const seconds = maker.how === "make" ? refresh : revalidate;
    if (made !== undefined && made.digest === stored && Date.now() / 1000 - made.resolved < seconds) return;
    const name = readName(this.#table, maker, repository, tag);
    if (stored === undefined) await ask.mayMake(name.repository);
    try {
      await this.#wait(name.text, ask, () =>
        name.maker.how === "make"
          ? this.#building.board(name, ask.visitor)
          : this.#pullThrough.tag(this.#pullThrough.mirrored(name), name.tag, ask.visitor),
      );
    } catch (error) {
      if (stored === undefined || !isPassing(error)) throw error;
      // What it was is better than nothing.
      const since = made === undefined ? "" : ` of ${new Date(made.resolved * 1000).toISOString()}`;
      ask.response.setHeader("Warning", warningHeaders([`${error.message}; this is the image${since}`]));
    }
  }

  /** Of a digest that is gone, what it was made for can be made again; it may have become something else. */
  async #digest(maker: Maker, repository: string, digest: Digest, ask: Ask): Promise<void> {
    if ((await this.#storage.manifest(repository, digest)) !== undefined) return;
    if (maker.how === "make") {
      const tag = await this.ledger.tagOf(repository, digest);
      if (tag !== undefined) await this.#tag(maker, repository, tag, ask);
      return;
    }
    await ask.mayMake(repository);
    const mirrored = this.#pullThrough.mirrored(readName(this.#table, maker, repository, "latest"));
    await this.#wait(`${repository}@${digest}`, ask, () =>
      this.#pullThrough.manifest(mirrored, digest, ask.visitor),
    );
  }

  /** Waits for what is made or fetched, or tells at once why it could not be a moment ago. */
  async #wait(what: string, ask: Ask, board: () => Boarded<Flight>): Promise<void> {
    this.#failures.throwIfKnown(what);
    const { flight, leave } = board();
    try {
      await held(ask.response, flight.done, { seconds: this.#times.wait, what });
    } catch (error) {
      if (error instanceof ClientGone) throw error;
      const fault = makeFault(error, what);
      if (fault.code !== "TOOMANYREQUESTS") this.#failures.remember(what, fault);
      throw fault;
    } finally {
      leave();
    }
  }
}

function isPassing(error: unknown): error is RegistryError {
  return error instanceof RegistryError && error.kind === "passing";
}
