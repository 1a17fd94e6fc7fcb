import { verified } from "@cooper/archive";
import type { ByteStream, Cancellable } from "@cooper/archive";
import { isFault } from "@cooper/sys";
import type { Descriptor, Digest } from "@cooper/oci";
import { TransportError } from "../errors.ts";
import type { ByteRange } from "../repository.ts";
import { repositoryScope } from "./auth/scope.ts";
import { assertSafeTarget, hostnameOf, isLoopback, isPrivateAddress } from "./http/address.ts";
import { PassingFault } from "./http/attempts.ts";
import type { Attempts } from "./http/attempts.ts";
import type { Reply } from "./http/reply.ts";
import { replyFault } from "./http/reply-fault.ts";
import type { Place } from "./manifests.ts";

/** Bytes between two faults that make the second one a new one. */
const PROGRESS = 1024 * 1024;

/** A blob's bytes, checked, or a part of them (distribution-spec, end-2 and "Pulling blobs"). */
export function downloadBlob(
  place: Place,
  descriptor: Descriptor,
  { range, signal }: Cancellable & { readonly range?: ByteRange } = {},
): ByteStream {
  if (range !== undefined) return pieces(place, descriptor, range, signal);
  const whole = { offset: 0, length: descriptor.size };
  return verified(pieces(place, descriptor, whole, signal), descriptor);
}

/** Whether the repository has a blob (end-2, HEAD). */
export async function hasBlob(
  { session, repository }: Place,
  descriptor: Descriptor,
  options: Cancellable & { readonly scope?: "pull" | "push"; readonly attempts?: Attempts } = {},
): Promise<boolean> {
  const { signal, scope = "pull", attempts = session.attempts(signal) } = options;
  const request = {
    target: `/v2/${repository}/blobs/${descriptor.digest}`,
    scopes: [repositoryScope(repository, ...(scope === "push" ? ["pull", "push"] : ["pull"]))],
    what: `blob ${descriptor.digest}`,
    attempts,
    signal,
  } as const;
  // HEAD and GET may be redirected differently: a signed URL of a store is often good for GET only.
  const head = await session.send({ ...request, method: "HEAD", accept: [200, 400, 403, 404, 405, 501] });
  await head.drop();
  if (head.status === 200) return true;
  if (head.status === 404 && !head.redirected) return false;
  const headers = { range: "bytes=0-0" };
  const get = await session.send({ ...request, method: "GET", headers, accept: [200, 206, 404, 416] });
  await get.drop();
  return get.status !== 404;
}

/** A blob's size (end-2, HEAD; where that does not say it, one byte's `Content-Range`). `NOT_FOUND`, `BAD_RESPONSE` */
export async function blobSize(
  { session, repository }: Place,
  digest: Digest,
  { signal }: Cancellable = {},
): Promise<number> {
  const request = {
    target: `/v2/${repository}/blobs/${digest}`,
    scopes: [repositoryScope(repository, "pull")],
    what: `blob ${digest}`,
    attempts: session.attempts(signal),
    signal,
  } as const;
  const head = await session.send({ ...request, method: "HEAD", accept: [200, 400, 403, 405, 501] });
  await head.drop();
  const told = head.status === 200 ? head.contentLength() : undefined;
  if (told !== undefined) return told;
  const headers = { range: "bytes=0-0" };
  const get = await session.send({ ...request, method: "GET", headers, accept: [200, 206] });
  await get.drop();
  const whole = /\/(\d+)$/.exec(get.header("content-range") ?? "")?.[1];
  const size = get.status === 206 && whole !== undefined ? Number(whole) : get.contentLength();
  if (size !== undefined && Number.isSafeInteger(size)) return size;
  throw new TransportError("BAD_RESPONSE", `${session.name}: does not say how large blob ${digest} is`, {
    fields: { host: session.host.name, digest },
  });
}

/** Opens a blob from an offset; a `Reply` whose status is 200 or 206. */
type Opener = (headers: Readonly<Record<string, string>>) => Promise<Reply>;

/** The bytes of a range; a download that breaks goes on where it stopped. */
async function* pieces(
  place: Place,
  descriptor: Descriptor,
  range: ByteRange,
  signal: AbortSignal | undefined,
): ByteStream {
  const { session } = place;
  const whole = range.offset === 0 && range.length === descriptor.size;
  if (!whole && range.length === 0) return;
  const end = range.offset + range.length;
  const attempts = session.attempts(signal);
  // One place for as long as it takes, also while it resumes: see Lane.
  const leave = await session.host.lanes.download.enter(signal);
  try {
    let open = fromRegistry(place, descriptor, attempts, signal);
    const others = foreignUrls(place, descriptor);
    let position = range.offset;
    let faultAt = position;
    for (;;) {
      try {
        const wanted = position > 0 || !whole ? { range: `bytes=${position}-${end - 1}` } : undefined;
        // oxlint-disable-next-line no-await-in-loop -- one piece after the other
        const reply = await open(wanted ?? {});
        let skip = position - startOf(reply, position, session.name);
        for await (const chunk of reply.stream()) {
          const fresh = skip === 0 ? chunk : chunk.subarray(Math.min(skip, chunk.byteLength));
          skip -= chunk.byteLength - fresh.byteLength;
          if (fresh.byteLength === 0) continue;
          // A whole blob is passed on as it is: one byte too many must be seen by the check.
          const given = whole ? fresh : fresh.subarray(0, end - position);
          position += given.byteLength;
          yield given;
          if (!whole && position >= end) return;
        }
        if (position >= end) return;
        throw new PassingFault("UNREACHABLE", `${session.name}: blob ${descriptor.digest} broke off`, {
          advice: "Try again; if it stays so, the registry or a proxy before it keeps half of the blob.",
          fields: { host: session.host.name, position, size: descriptor.size },
        });
      } catch (fault) {
        const next = isFault(fault, "NOT_FOUND") && position === range.offset ? others.shift() : undefined;
        if (next !== undefined) {
          open = fromElsewhere(place, descriptor, next, signal);
          continue;
        }
        if (position - faultAt >= PROGRESS) attempts.progressed();
        faultAt = position;
        // oxlint-disable-next-line no-await-in-loop
        await attempts.again(fault);
      }
    }
  } finally {
    leave();
  }
}

function fromRegistry(
  { session, repository }: Place,
  descriptor: Descriptor,
  attempts: Attempts,
  signal: AbortSignal | undefined,
): Opener {
  return async (headers) =>
    await session.send({
      method: "GET",
      target: `/v2/${repository}/blobs/${descriptor.digest}`,
      scopes: [repositoryScope(repository, "pull")],
      headers,
      what: `blob ${descriptor.digest}`,
      accept: [200, 206],
      attempts,
      retry: "caller",
      place: "held",
      signal,
    });
}

/** Where else a layer may be read that its registry may not hand on (image-spec, "urls"). */
function foreignUrls({ session }: Place, { urls }: Descriptor): URL[] {
  if (session.options.foreignUrls === "refuse") return [];
  return (urls ?? []).filter((url) => URL.canParse(url)).map((url) => new URL(url));
}

/** A URL that stands in a manifest is a stranger's word: no credentials, no private addresses. */
function fromElsewhere(
  { session }: Place,
  descriptor: Descriptor,
  url: URL,
  signal: AbortSignal | undefined,
): Opener {
  return async (headers) => {
    const base = await session.base(signal);
    assertSafeTarget(url, base, "a layer's URL");
    const inside = isLoopback(hostnameOf(base)) || isPrivateAddress(hostnameOf(base));
    const request = { method: "GET", url, headers, ownHeaders: {}, signal } as const;
    const reply = await session.host.send(request, base, inside ? "any" : "public");
    if (reply.status === 200 || reply.status === 206) return reply;
    throw await replyFault(reply, {
      host: url.host,
      name: session.name,
      what: `blob ${descriptor.digest} from ${url.host}`,
      redact: (text) => text,
    });
  };
}

/** Where the bytes of an answer start: a server that ignores Range starts at 0 and says 200. */
function startOf(reply: Reply, asked: number, name: string): number {
  if (reply.status === 200) return 0;
  const start = /^bytes (\d+)-/.exec(reply.header("content-range") ?? `bytes ${asked}-`)?.[1];
  if (start !== undefined && Number(start) <= asked) return Number(start);
  throw new TransportError("BAD_RESPONSE", `${name}: gave another range than it was asked for`, {
    advice: "A proxy or cache before the registry may be at fault.",
  });
}
