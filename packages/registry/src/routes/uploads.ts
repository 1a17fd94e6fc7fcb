import { isHashAlgorithm } from "@cooper/archive";
import type { ByteStream, HashAlgorithm } from "@cooper/archive";
import type { Digest } from "@cooper/oci";
import { methodNotAllowed } from "../call.ts";
import type { Call } from "../call.ts";
import { RegistryError } from "../errors.ts";
import { answer } from "../http/answer.ts";
import { bodyOf } from "../http/body.ts";
import { parseContentRange } from "../http/range.ts";
import { algorithmOf, isRepositoryName, storableDigest } from "../names.ts";
import type { Route } from "../route.ts";
import type { OpenUpload } from "../storage/storage.ts";

type UploadsRoute = Extract<Route, { kind: "uploads" }>;
type UploadRoute = Extract<Route, { kind: "upload" }>;

/** `/v2/<name>/blobs/uploads/`: end-4a, end-4b, end-4c and end-11. */
export async function serveUploads(call: Call, { repository }: UploadsRoute): Promise<void> {
  if (call.method !== "POST") throw methodNotAllowed(call, "POST");
  const { response, query, storage } = call;

  const mount = optionalDigest(query, "mount");
  if (mount !== undefined && (await mountBlob(call, repository, mount)))
    return created(call, repository, mount);
  // A mount that cannot be done becomes an ordinary upload, whatever else the request says.
  const digest = mount === undefined ? optionalDigest(query, "digest") : undefined;
  const likely = mount ?? digest;
  const algorithm = likely === undefined ? hintedAlgorithm(query) : algorithmOf(likely);
  const id = await storage.startUpload(repository, algorithm);
  if (digest === undefined) {
    const { chunkMinBytes } = call.options;
    return answer(response, 202, {
      ...uploadHeaders({ repository, id }, 0),
      ...(chunkMinBytes === undefined ? {} : { "OCI-Chunk-Min-Length": chunkMinBytes }),
    });
  }
  try {
    await receive(call, { repository, id }, digest);
  } finally {
    // Nobody but this request knows the id: what is left of a failed one is of no use.
    await storage.cancelUpload(repository, id);
  }
  created(call, repository, digest);
}

/** `/v2/<name>/blobs/uploads/<id>`: end-5, end-6, end-13 and end-14. */
export async function serveUpload(call: Call, { repository, id }: UploadRoute): Promise<void> {
  const { response, query, storage } = call;
  const upload = { repository, id };
  switch (call.method) {
    case "GET":
    case "HEAD": {
      const size = await storage.uploadSize(repository, id);
      if (size === undefined) throw uploadUnknown(upload);
      return answer(response, 204, uploadHeaders(upload, size));
    }
    case "PATCH": {
      const size = await receive(call, upload, undefined);
      return answer(response, 202, uploadHeaders(upload, size));
    }
    case "PUT": {
      const digest = optionalDigest(query, "digest");
      if (digest === undefined) {
        throw new RegistryError("DIGEST_INVALID", "an upload is closed with the blob's digest", {
          advice: "Add ?digest=<digest> to the address of the upload.",
        });
      }
      await receive(call, upload, digest);
      return created(call, repository, digest);
    }
    case "DELETE":
      if (!(await storage.cancelUpload(repository, id))) throw uploadUnknown(upload);
      return answer(response, 204, {});
    default:
      throw methodNotAllowed(call, "GET, HEAD, PATCH, PUT, DELETE");
  }
}

interface UploadName {
  readonly repository: string;
  readonly id: string;
}

/** Adds the request's body to an upload, and closes it if there is a digest; gives the upload's size. */
async function receive(call: Call, name: UploadName, digest: Digest | undefined): Promise<number> {
  const { storage, limits, uploads } = call;
  if (uploads.inFlight >= limits.uploadsInFlight) {
    throw new RegistryError("TOOMANYREQUESTS", "too many uploads at once", {
      headers: { "Retry-After": "1" },
    });
  }
  uploads.inFlight += 1;
  try {
    const upload = await storage.openUpload(name.repository, name.id);
    if (upload === undefined) throw uploadUnknown(name);
    try {
      await upload.append(acceptedBody(call, name, upload));
      if (digest !== undefined) await upload.finish(digest);
      return upload.size;
    } finally {
      await upload.release();
    }
  } finally {
    uploads.inFlight -= 1;
  }
}

/** The request's body, if it is the piece that comes next and is not too much. */
function acceptedBody({ request, limits }: Call, name: UploadName, upload: OpenUpload): ByteStream {
  const lengthHeader = request.headers["content-length"];
  const rangeHeader = request.headers["content-range"];
  const length = lengthHeader === undefined ? undefined : Number(lengthHeader);
  const room = limits.blobBytes - upload.size;
  if (length !== undefined && length > room) throw blobTooLarge(limits.blobBytes);
  if (rangeHeader === undefined)
    return bounded(bodyOf(request), { most: room, excess: () => blobTooLarge(limits.blobBytes) });

  const range = parseContentRange(rangeHeader);
  if (range === undefined) {
    throw new RegistryError("BLOB_UPLOAD_INVALID", `${JSON.stringify(rangeHeader)} is not a range of bytes`, {
      advice: "Content-Range of a chunk is <first>-<last>, both counted.",
    });
  }
  if (range.offset !== upload.size) {
    const message = `the upload has ${upload.size} bytes, and the chunk begins at ${range.offset}`;
    throw new RegistryError("BLOB_UPLOAD_INVALID", message, {
      status: 416,
      headers: uploadHeaders(name, upload.size),
    });
  }
  const mismatch = (): RegistryError =>
    new RegistryError("SIZE_INVALID", `the chunk has not the ${range.length} bytes of its Content-Range`);
  if (length !== undefined && length !== range.length) throw mismatch();
  return bounded(bodyOf(request), { least: range.length, most: range.length, excess: mismatch });
}

interface Bounds {
  readonly least?: number;
  readonly most: number;
  readonly excess: () => RegistryError;
}

async function* bounded(stream: ByteStream, { least = 0, most, excess }: Bounds): ByteStream {
  let size = 0;
  for await (const chunk of stream) {
    size += chunk.byteLength;
    if (size > most) throw excess();
    yield chunk;
  }
  if (size < least) throw excess();
}

async function mountBlob(call: Call, repository: string, digest: Digest): Promise<boolean> {
  const { query, storage, mountsAnonymously } = call;
  const from = query.get("from") ?? undefined;
  if (from === undefined)
    return mountsAnonymously && (await storage.mountBlob(repository, digest, undefined));
  if (!isRepositoryName(from)) return false;
  try {
    await call.require("pull", from);
  } catch (error) {
    // What the visitor may not see is as if it were not there: the upload begins instead.
    if (error instanceof RegistryError) return false;
    throw error;
  }
  return await storage.mountBlob(repository, digest, from);
}

function created({ response }: Call, repository: string, digest: Digest): void {
  answer(response, 201, { Location: `/v2/${repository}/blobs/${digest}`, "Docker-Content-Digest": digest });
}

function uploadHeaders({ repository, id }: UploadName, size: number): Record<string, string> {
  return {
    Location: `/v2/${repository}/blobs/uploads/${id}`,
    // 0-0 says both "nothing" and "one byte": the specification has no word for nothing.
    Range: `0-${Math.max(size - 1, 0)}`,
    "Docker-Upload-UUID": id,
  };
}

function optionalDigest(query: URLSearchParams, key: "digest" | "mount"): Digest | undefined {
  const text = query.get(key);
  return text === null ? undefined : storableDigest(text);
}

function hintedAlgorithm(query: URLSearchParams): HashAlgorithm {
  const hint = query.get("digest-algorithm") ?? "sha256";
  if (isHashAlgorithm(hint)) return hint;
  throw new RegistryError(
    "DIGEST_INVALID",
    `${JSON.stringify(hint.slice(0, 100))} is not an algorithm of digests here`,
    {
      advice: "This registry knows sha256 and sha512.",
    },
  );
}

function uploadUnknown({ repository, id }: UploadName): RegistryError {
  return new RegistryError(
    "BLOB_UPLOAD_UNKNOWN",
    `${repository} has no upload ${JSON.stringify(id.slice(0, 100))}`,
  );
}

function blobTooLarge(limit: number): RegistryError {
  return new RegistryError("SIZE_INVALID", `a blob may have ${limit} bytes here`, {
    status: 413,
    fields: { limit },
  });
}
