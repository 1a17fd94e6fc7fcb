import { tally, verified } from "@cooper/archive";
import type { ByteStream, Cancellable } from "@cooper/archive";
import { digestOf } from "@cooper/oci";
import type { Descriptor, Digest } from "@cooper/oci";
import { TransportError } from "../../errors.ts";
import type { ContentSource } from "../../repository.ts";
import { hasBlob } from "../download.ts";
import { PassingFault } from "../http/attempts.ts";
import type { Attempts } from "../http/attempts.ts";
import type { Place } from "../manifests.ts";
import { Chunks } from "./chunks.ts";
import { startUpload } from "./upload-session.ts";
import type { UploadSession } from "./upload-session.ts";

/** Bytes up to which a blob goes in one PUT: to send it again costs less than another round trip. */
const SMALL = 4 * 1024 * 1024;
/** Bytes between two faults that make the second one a new one. */
const PROGRESS = 1024 * 1024;

/** Stores a blob, unless the repository has it; mounts it where `from` has it (distribution-spec, "Pushing blobs"). */
export async function uploadBlob(
  place: Place,
  descriptor: Descriptor,
  content: ContentSource,
  { from, signal }: Cancellable & { readonly from?: string | undefined } = {},
): Promise<void> {
  if (await hasBlob(place, descriptor, { signal, scope: "push" })) return;
  const { digest, size } = descriptor;
  await transfer(place, {
    known: descriptor,
    from,
    signal,
    open: () => ({ stream: deferred(() => verified(content(), { digest, size })), digest: () => digest }),
  });
}

/** Stores a blob whose name is known only when it has gone up. */
export async function uploadUnknownBlob(
  place: Place,
  content: ContentSource,
  { signal }: Cancellable = {},
): Promise<{ readonly digest: Digest; readonly size: number }> {
  let size = 0;
  const digest = await transfer(place, {
    signal,
    open: () => {
      const counted = tally(deferred(content));
      return {
        stream: counted.stream,
        digest: () => {
          size = counted.size();
          return digestOf("sha256", counted.hex());
        },
      };
    },
  });
  return { digest, size };
}

/** Opens the content when its first byte is wanted, not before: a try may end without. */
async function* deferred(content: ContentSource): ByteStream {
  for await (const chunk of content()) yield chunk;
}

interface Transfer {
  readonly known?: Descriptor;
  readonly from?: string | undefined;
  readonly signal: AbortSignal | undefined;
  /** The content from its start, and its digest once it has been read to its end. */
  readonly open: () => { readonly stream: ByteStream; readonly digest: () => Digest };
}

/** What is known of a transfer between its tries. */
interface Progress {
  upload: UploadSession | undefined;
  /** Whether the upload broke, so that the registry has to be asked how much it has. */
  unsure: boolean;
  /** Whether a later part was sent on its own: what is refused then may be taken from the start. */
  resumed: boolean;
  mayResume: boolean;
  restarts: number;
  /** The digest under which the blob may be there already, when the last answer was lost. */
  finishing: Digest | undefined;
}

/** Sends a blob, and after a fault goes on where the registry says that it stopped, or starts over. */
async function transfer(place: Place, blob: Transfer): Promise<Digest> {
  const { session } = place;
  const { signal } = blob;
  const attempts = session.attempts(signal);
  const leave = await session.host.lanes.upload.enter(signal);
  const state: Progress = {
    upload: undefined,
    unsure: false,
    resumed: false,
    mayResume: true,
    restarts: 0,
    finishing: undefined,
  };
  try {
    for (;;) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- tries come one after the other
        return await once(place, blob, state, attempts);
      } catch (fault) {
        // oxlint-disable-next-line no-await-in-loop
        await attempts.again(startsOver(fault, state) ? asPassing(fault) : fault);
      }
    }
  } catch (error) {
    await state.upload?.cancel();
    throw error;
  } finally {
    leave();
  }
}

/** One try: finds out where to begin, sends the rest, gives it its name. */
async function once(place: Place, blob: Transfer, state: Progress, attempts: Attempts): Promise<Digest> {
  const { known, signal } = blob;
  if (state.finishing !== undefined) {
    const digest = state.finishing;
    const mediaType = "application/octet-stream";
    if (await hasBlob(place, { digest, size: 0, mediaType }, { signal, attempts, scope: "push" }))
      return digest;
    state.finishing = undefined;
  }
  if (state.upload !== undefined && state.unsure) await findOffset(state, known, attempts);
  if (state.upload === undefined) {
    const started = await startUpload(place, attempts, { digest: known?.digest, from: blob.from, signal });
    if (started.kind === "mounted") return mounted(known);
    state.upload = started.upload;
    state.resumed = false;
  }
  const { upload } = state;
  state.unsure = true; // from here on, until all is well
  const plan = place.session.options.upload ?? "streamed";
  const content = blob.open();
  if (known !== undefined && upload.offset === 0 && inOnePut(plan, known.size)) {
    const { digest, size } = known;
    state.finishing = digest;
    await upload.finish(digest, { content: content.stream, size });
    return digest;
  }
  await sendPieces(upload, content.stream, known?.size, {
    length: typeof plan === "object" ? Math.max(1, plan.chunkBytes, upload.chunkMinimum) : Infinity,
    resumed: state.resumed,
  });
  const digest = content.digest();
  state.finishing = digest;
  await upload.finish(digest);
  return digest;
}

/** Sends what the registry lacks, in one piece or several. */
async function sendPieces(
  upload: UploadSession,
  stream: ByteStream,
  total: number | undefined,
  pieces: { readonly length: number; readonly resumed: boolean },
): Promise<void> {
  const chunks = new Chunks(stream);
  try {
    await chunks.skip(upload.offset);
    // `more` also reads past the last piece, where a stream that is not what it should be says so.
    // oxlint-disable-next-line no-await-in-loop -- one piece after the other
    while (await chunks.more()) {
      const size = total === undefined ? undefined : Math.min(pieces.length, total - upload.offset);
      const before = chunks.given;
      // GHCR refuses requests over 4 MiB that have a Content-Range: only where there is more than one piece.
      const ranged = pieces.length !== Infinity || pieces.resumed ? "ranged" : "plain";
      // oxlint-disable-next-line no-await-in-loop
      await upload.patch(chunks.take(size ?? pieces.length), { size, ranged });
      // An accepted piece is stored whole; the Range of ECR and of older zot lags behind (aws/containers-roadmap#2831).
      upload.offset += chunks.given - before;
    }
  } finally {
    await chunks.close();
  }
}

/** Asks the registry how far it is; gives the upload up where that leads nowhere. */
async function findOffset(state: Progress, known: Descriptor | undefined, attempts: Attempts): Promise<void> {
  const { upload } = state;
  if (upload === undefined) return;
  const confirmed = upload.offset;
  const stored = state.mayResume ? await upload.status() : undefined;
  const offset = stored === undefined ? confirmed : Math.max(stored, confirmed);
  const tooFar = known !== undefined && offset > known.size;
  if (!state.mayResume || tooFar || offset === 0) {
    await upload.cancel();
    state.upload = undefined;
    return;
  }
  if (offset - confirmed >= PROGRESS) attempts.progressed();
  // Its own word is trusted once over a registry's that lags behind; if it is refused, all starts over.
  upload.offset = offset;
  state.resumed = true;
}

/**
 * Whether an upload that was refused may do when it is sent again from its start: a piece that did not
 * fit, an upload that the registry has lost (several servers without a common store), once each.
 */
function startsOver(fault: unknown, state: Progress): fault is TransportError {
  if (!(fault instanceof TransportError) || fault instanceof PassingFault || state.upload === undefined)
    return false;
  const status = fault.fields["status"];
  const lost = status === 404 || status === 410;
  const misfit =
    status === 416 || (state.resumed && typeof status === "number" && status >= 400 && status < 500);
  if (status === 401 || status === 403 || (!lost && !misfit) || state.restarts >= 2) return false;
  state.restarts++;
  state.mayResume = status === 416 && state.restarts === 1 && !state.resumed;
  state.finishing = undefined;
  return true;
}

function asPassing(fault: TransportError): PassingFault {
  const { advice, fields } = fault;
  return new PassingFault(fault.code, fault.message, {
    cause: fault,
    fields,
    ...(advice === undefined ? {} : { advice }),
  });
}

function inOnePut(plan: string | object, size: number): boolean {
  return plan === "monolithic" || (plan === "streamed" && size <= SMALL);
}

function mounted(known: Descriptor | undefined): Digest {
  if (known !== undefined) return known.digest;
  throw new TypeError("a blob without a name cannot be mounted");
}
