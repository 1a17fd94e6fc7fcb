import type { ByteStream, Cancellable } from "@cooper/archive";
import { digestAlgorithm } from "@cooper/oci";
import type { Digest } from "@cooper/oci";
import { isFault } from "@cooper/sys";
import { TransportError } from "../../errors.ts";
import { repositoryScope } from "../auth/scope.ts";
import type { Scope } from "../auth/scope.ts";
import { Attempts, PassingFault } from "../http/attempts.ts";
import type { Reply } from "../http/reply.ts";
import { assertStored } from "../manifests.ts";
import type { Place } from "../manifests.ts";
import type { RegistryRequest } from "../session.ts";

/** Milliseconds for tidying up, which nobody should wait for. */
const CANCEL_PATIENCE = 5000;

/** What starting an upload came to. */
export type Started =
  | { readonly kind: "mounted" }
  | { readonly kind: "open"; readonly upload: UploadSession };

/**
 * Opens an upload (distribution-spec, end-4a), or mounts the blob from another repository (end-11).
 * A mount that fails in any way is followed by a plain upload.
 */
export async function startUpload(
  place: Place,
  attempts: Attempts,
  options: Cancellable & { readonly digest?: Digest | undefined; readonly from?: string | undefined },
): Promise<Started> {
  const { digest, from, signal } = options;
  const start = async (query: string, scopes: readonly Scope[], accept: readonly number[]): Promise<Reply> =>
    await place.session.send({
      method: "POST",
      target: `/v2/${place.repository}/blobs/uploads/${query}`,
      scopes: [pushScope(place), ...scopes],
      what: query.includes("mount=") ? `mount ${digest}` : "start an upload",
      accept,
      body: new Uint8Array(0),
      attempts,
      retry: "caller",
      place: "held",
      signal,
    });
  let reply: Reply | undefined;
  if (digest !== undefined && from !== undefined && from !== place.repository) {
    const query = `?mount=${encodeURIComponent(digest)}&from=${encodeURIComponent(from)}`;
    // A registry may refuse the source, the token for it, or the whole idea: uploading is always right.
    reply = await start(query, [repositoryScope(from, "pull")], [201, 202]).catch((error: unknown) => {
      if (isFault(error, "UNREACHABLE", "TIMEOUT", "TLS", "UNSAFE_ADDRESS") || !isFault(error)) throw error;
      return undefined;
    });
  }
  const algorithm = digest === undefined ? "sha256" : digestAlgorithm(digest);
  // distribution-spec, end-4c: a registry that hashes what comes must know early how.
  reply ??= await start(algorithm === "sha256" ? "" : `?digest-algorithm=${algorithm}`, [], [202]);
  await reply.drop();
  if (reply.status === 201) return { kind: "mounted" };
  return { kind: "open", upload: new UploadSession(place, attempts, reply, signal) };
}

/** One upload on its way: where the next piece goes, and how much has been acknowledged. */
export class UploadSession {
  /** Bytes that the registry has acknowledged. */
  offset = 0;
  /** Bytes; no chunk but the last may be shorter. */
  readonly chunkMinimum: number;
  readonly #place: Place;
  readonly #attempts: Attempts;
  readonly #signal: AbortSignal | undefined;
  #location: URL;

  constructor(place: Place, attempts: Attempts, started: Reply, signal: AbortSignal | undefined) {
    this.#place = place;
    this.#attempts = attempts;
    this.#signal = signal;
    this.chunkMinimum = Number(/^\d{1,12}$/.exec(started.header("oci-chunk-min-length") ?? "0")?.[0] ?? 0);
    const location = this.#next(started);
    if (location === undefined) {
      throw new TransportError(
        "BAD_RESPONSE",
        `${place.session.name}: an upload was started, but has no location`,
        {
          fields: { host: place.session.host.name },
        },
      );
    }
    this.#location = location;
  }

  /** Sends a piece. `sized` says how long it is, and whether the registry is told its place. */
  async patch(
    content: ByteStream,
    sized: { readonly size?: number | undefined; readonly ranged: "ranged" | "plain" },
  ): Promise<void> {
    const { size, ranged } = sized;
    const withRange = ranged === "ranged" && size !== undefined;
    const reply = await this.#send({
      method: "PATCH",
      target: this.#location,
      what: `upload from byte ${this.offset}`,
      headers: {
        "content-type": "application/octet-stream",
        ...(withRange ? { "content-range": `${this.offset}-${this.offset + size - 1}` } : {}),
      },
      body: { open: once(content), size },
      accept: [202, 201, 204], // ECR says 201
    });
    await reply.drop();
    this.#location = this.#next(reply) ?? this.#location;
  }

  /** Ends the upload and gives the blob its name (end-6), with the last or only piece if there is one. */
  async finish(
    digest: Digest,
    last?: { readonly content: ByteStream; readonly size: number },
  ): Promise<void> {
    const target = new URL(this.#location);
    // The query holds the registry's state: it must come back exactly as it is.
    const named = `digest=${encodeURIComponent(digest)}`;
    target.search = target.search === "" ? `?${named}` : `${target.search}&${named}`;
    const reply = await this.#send({
      method: "PUT",
      target,
      what: `finish the upload of ${digest}`,
      headers: { "content-type": "application/octet-stream" },
      body: last === undefined ? new Uint8Array(0) : { open: once(last.content), size: last.size },
      accept: [201, 204],
    });
    await reply.drop();
    assertStored(this.#place, digest, reply);
  }

  /** How many bytes the registry has (end-13); nothing where it does not say so clearly. */
  async status(): Promise<number | undefined> {
    const reply = await this.#send({
      method: "GET",
      target: this.#location,
      what: "ask for an upload's state",
      accept: [204, 202, 200, 404, 400, 405, 410, 416],
    });
    await reply.drop();
    if (reply.status >= 400) return undefined;
    this.#location = this.#next(reply) ?? this.#location;
    const last = /^(?:bytes=)?0-(\d{1,15})$/.exec(reply.header("range") ?? "")?.[1];
    // 0-0 is what both an empty upload and one of a single byte have.
    return last === undefined || last === "0" ? undefined : Number(last) + 1;
  }

  /** Gives the upload up (end-14), so that its bytes do not stay behind; never fails. */
  async cancel(): Promise<void> {
    try {
      const reply = await this.#place.session.send({
        method: "DELETE",
        target: this.#location,
        scopes: [pushScope(this.#place)],
        what: "give an upload up",
        accept: [204, 202, 200, 404, 400, 405],
        attempts: new Attempts({ tries: 1 }),
        place: "held",
        signal: AbortSignal.timeout(CANCEL_PATIENCE),
      });
      await reply.drop();
    } catch {
      // the registry removes it in time
    }
  }

  async #send(
    request: Omit<RegistryRequest, "scopes" | "attempts" | "retry" | "place" | "signal">,
  ): Promise<Reply> {
    return await this.#place.session.send({
      ...request,
      scopes: [pushScope(this.#place)],
      attempts: this.#attempts,
      retry: "caller",
      place: "held",
      signal: this.#signal,
    });
  }

  /** The next location: it may be relative, and other than the last one at each step. */
  #next(reply: Reply): URL | undefined {
    const text = reply.header("location");
    if (text === undefined || !URL.canParse(text, reply.url.href)) return undefined;
    const next = new URL(text, reply.url);
    const behindProxy = next.hostname === reply.url.hostname && next.port === "" && next.protocol === "http:";
    // A registry behind a proxy that ends TLS often does not know that it is spoken to over https.
    if (behindProxy && reply.url.protocol === "https:") {
      return new URL(`${next.pathname}${next.search}`, reply.url);
    }
    return next;
  }
}

function pushScope({ repository }: Place): Scope {
  return repositoryScope(repository, "pull", "push");
}

/** A piece can be sent once; where a token ran out in the middle, the upload has to go on from its state. */
function once(content: ByteStream): () => ByteStream {
  let opened = false;
  return () => {
    if (opened) throw new PassingFault("UNAUTHORIZED", "the registry asked for a new token in an upload");
    opened = true;
    return content;
  };
}
