import type { Cancellable } from "@cooper/archive";
import {
  artifactTypeOf,
  describeBytes,
  digestAlgorithm,
  digestHex,
  isIndexType,
  isManifestType,
  MAX_MANIFEST_BYTES,
  MEDIA_TYPES,
  parseIndex,
  parseManifest,
  serializeJson,
} from "@cooper/oci";
import type { Descriptor, Digest, IndexManifest, MediaType } from "@cooper/oci";
import { setTimeout as pause } from "node:timers/promises";
import { TransportError } from "../errors.ts";
import { repositoryScope } from "./auth/scope.ts";
import { findManifest, removeManifest, writeManifest } from "./manifests.ts";
import type { Place } from "./manifests.ts";
import { nextPage } from "./pages.ts";

/** How often the fallback tag is written again when others write it at the same moment. */
const FALLBACK_TRIES = 10;
/** Milliseconds that are always left to others before the fallback tag is looked at again. */
const SETTLE = 100;
const MAX_PAGES = 1000;

/** What a manifest refers to, and how it is listed there. */
export interface Referrer {
  readonly subject: Digest;
  /** With the annotations and artifact type of the manifest: those who list it see nothing else. */
  readonly descriptor: Descriptor;
}

/** What a manifest's own bytes say of its subject; nothing if it has none (image-spec, "subject"). */
export function referrerOf(raw: Uint8Array, descriptor: Descriptor): Referrer | undefined {
  // Most manifests have none, and what cannot be read here is for the registry to judge.
  if (!Buffer.from(raw).includes('"subject"')) return undefined;
  const index = isIndexType(descriptor.mediaType);
  if (!index && !isManifestType(descriptor.mediaType)) return undefined;
  const manifest = index ? parseIndex(raw) : parseManifest(raw);
  if (manifest.subject === undefined) return undefined;
  const artifactType =
    "layers" in manifest ? (artifactTypeOf(manifest) ?? manifest.config.mediaType) : manifest.artifactType;
  const { annotations } = manifest;
  const { mediaType, digest, size } = descriptor;
  return {
    subject: manifest.subject.digest,
    descriptor: {
      mediaType,
      digest,
      size,
      ...(artifactType === undefined ? {} : { artifactType }),
      ...(annotations === undefined ? {} : { annotations }),
    },
  };
}

/** The tag that lists referrers where the registry has no API for it (distribution-spec, "Referrers Tag Schema"). */
export function fallbackTag(digest: Digest): string {
  return `${legal(digestAlgorithm(digest)).slice(0, 32)}-${legal(digestHex(digest)).slice(0, 64)}`;
}

function legal(text: string): string {
  return text.replace(/[^A-Za-z0-9_.-]/g, "-");
}

/** One repository's referrers, through the API or, where there is none, the fallback tag. */
export class Referrers {
  readonly #place: Place;
  #api: "unknown" | "present" | "absent" = "unknown";

  constructor(place: Place) {
    this.#place = place;
  }

  /** Manifests that refer to `digest` (end-12). */
  async list(
    digest: Digest,
    { artifactType, signal }: Cancellable & { readonly artifactType?: MediaType | undefined } = {},
  ): Promise<readonly Descriptor[]> {
    const listed = (await this.#ask(digest, artifactType, signal)) ?? (await this.#fallback(digest, signal));
    // Whether the registry has filtered or not; the fallback tag never does.
    return artifactType === undefined ? listed : listed.filter((one) => one.artifactType === artifactType);
  }

  /**
   * After a manifest with a subject went up: lists it where the registry does not do so itself. ECR
   * returns `OCI-Subject` but has no API, so the header alone proves nothing.
   */
  async add(referrer: Referrer, options: Cancellable = {}): Promise<void> {
    if (await this.#hasApi(referrer.subject, options.signal)) return;
    const { descriptor } = referrer;
    await this.#change(referrer.subject, options.signal, (listed) =>
      listed.some(({ digest }) => digest === descriptor.digest) ? undefined : [...listed, descriptor],
    );
  }

  /** After a manifest with a subject is gone: takes it off the list that `add` keeps. */
  async remove(referrer: Referrer, options: Cancellable = {}): Promise<void> {
    if (await this.#hasApi(referrer.subject, options.signal)) return;
    const gone = referrer.descriptor.digest;
    await this.#change(referrer.subject, options.signal, (listed) =>
      listed.some(({ digest }) => digest === gone)
        ? listed.filter(({ digest }) => digest !== gone)
        : undefined,
    );
  }

  /** Whether the API is known not to be there, so that a deletion has to look for a subject. */
  async hasApi(digest: Digest, signal?: AbortSignal): Promise<boolean> {
    return await this.#hasApi(digest, signal);
  }

  async #hasApi(digest: Digest, signal: AbortSignal | undefined): Promise<boolean> {
    if (this.#api === "unknown") await this.#ask(digest, undefined, signal);
    return this.#api === "present";
  }

  /** The API's answer, all its pages; nothing where there is no API. */
  async #ask(
    digest: Digest,
    artifactType: MediaType | undefined,
    signal: AbortSignal | undefined,
  ): Promise<readonly Descriptor[] | undefined> {
    if (this.#api === "absent") return undefined;
    const { session, repository } = this.#place;
    const query = artifactType === undefined ? "" : `?artifactType=${encodeURIComponent(artifactType)}`;
    const listed: Descriptor[] = [];
    let target: string | URL = `/v2/${repository}/referrers/${digest}${query}`;
    for (let page = 0; page < MAX_PAGES; page++) {
      // oxlint-disable-next-line no-await-in-loop -- a page names the next
      const { reply, bytes } = await session.receive(
        {
          method: "GET",
          target,
          scopes: [repositoryScope(repository, "pull")],
          headers: { accept: MEDIA_TYPES.oci.index },
          what: `referrers of ${digest}`,
          accept: page === 0 ? [200, 400, 404, 405, 501] : [200],
          attempts: session.attempts(signal),
          signal,
        },
        session.options.manifestLimit ?? MAX_MANIFEST_BYTES,
      );
      const index = reply.status === 200 ? indexOf(bytes) : undefined;
      // A proxy that answers everything with its start page has no API either.
      if (index === undefined) {
        this.#api = "absent";
        return undefined;
      }
      this.#api = "present";
      listed.push(...index.manifests);
      const next = nextPage(reply);
      if (next === undefined) break;
      target = next;
    }
    return listed;
  }

  async #fallback(digest: Digest, signal: AbortSignal | undefined): Promise<readonly Descriptor[]> {
    const found = await findManifest(this.#place, { tag: fallbackTag(digest) }, { signal });
    if (found === undefined) return [];
    return indexOf(found.bytes)?.manifests ?? [];
  }

  /**
   * Reads the fallback index, changes its list and writes it. A registry has no compare-and-set, so
   * what was written is looked at again after others had time to write what they had read before.
   */
  async #change(
    subject: Digest,
    signal: AbortSignal | undefined,
    change: (listed: readonly Descriptor[]) => readonly Descriptor[] | undefined,
  ): Promise<void> {
    const tag = fallbackTag(subject);
    const { session, repository } = this.#place;
    await session.host.inTurn(`${repository}:${tag}`, async () => {
      for (let tries = 0; tries < FALLBACK_TRIES; tries++) {
        const started = performance.now();
        // oxlint-disable-next-line no-await-in-loop -- read, write, look
        const found = await findManifest(this.#place, { tag }, { signal });
        const index = found === undefined ? EMPTY_INDEX : indexOf(found.bytes);
        if (index === undefined) throw notAnIndex(this.#place, tag);
        const manifests = change(index.manifests);
        if (manifests === undefined) return;
        if (manifests.length === 0 && found !== undefined) {
          // oxlint-disable-next-line no-await-in-loop
          if (await this.#dropTag(found.descriptor.digest, signal)) return;
        }
        const raw = serializeJson({ ...index, manifests });
        // oxlint-disable-next-line no-await-in-loop
        await writeManifest(this.#place, raw, describeBytes(MEDIA_TYPES.oci.index, raw), { tag, signal });
        // Longer than another client can have been between its read and its write.
        const turn = performance.now() - started;
        const wait = Math.min(3000, SETTLE + turn * (3 + 2 * Math.random()));
        // oxlint-disable-next-line no-await-in-loop
        await pause(wait, undefined, signal === undefined ? {} : { signal });
      }
      throw new TransportError("BUSY", `${session.name}: others keep on writing ${tag}`, {
        kind: "passing",
        advice: "Try again in a moment.",
      });
    });
  }

  /** An empty list is removed where the registry allows it. */
  async #dropTag(digest: Digest, signal: AbortSignal | undefined): Promise<boolean> {
    try {
      await removeManifest(this.#place, { digest }, { signal });
      return true;
    } catch (error) {
      if (error instanceof TransportError && error.kind !== "passing") return false;
      throw error;
    }
  }
}

const EMPTY_INDEX: IndexManifest = { schemaVersion: 2, mediaType: MEDIA_TYPES.oci.index, manifests: [] };

function indexOf(bytes: Uint8Array): IndexManifest | undefined {
  try {
    return parseIndex(bytes);
  } catch {
    return undefined;
  }
}

function notAnIndex({ session }: Place, tag: string): TransportError {
  return new TransportError(
    "BAD_RESPONSE",
    `${session.name}: the tag ${tag}, kept for referrers, is no index`,
    {
      advice: "Remove the tag if nobody uses it for something else.",
    },
  );
}
