import type { ServerResponse } from "node:http";
import type { Digest } from "@cooper/oci";
import { methodNotAllowed } from "../call.ts";
import type { Call } from "../call.ts";
import { RegistryError } from "../errors.ts";
import { answer, writeHead } from "../http/answer.ts";
import { takePiece } from "../http/piece.ts";
import { parseRange } from "../http/range.ts";
import type { Part } from "../http/range.ts";
import { storableDigest } from "../names.ts";
import type { Route } from "../route.ts";
import type { OpenBlob } from "../storage/storage.ts";
import { isUnchanged } from "./unchanged.ts";

type BlobRoute = Extract<Route, { kind: "blob" }>;

/** `/v2/<name>/blobs/<digest>`: end-2 and end-10. */
export async function serveBlob(call: Call, route: BlobRoute): Promise<void> {
  const digest = storableDigest(route.digest);
  switch (call.method) {
    case "GET":
      return await getBlob(call, route, digest);
    case "HEAD":
      return await headBlob(call, route, digest);
    case "DELETE":
      if (!(await call.storage.deleteBlob(route.repository, digest))) throw blobUnknown(route);
      return answer(call.response, 202, {});
    default:
      throw methodNotAllowed(call, "GET, HEAD, DELETE");
  }
}

async function headBlob({ response, blobs }: Call, route: BlobRoute, digest: Digest): Promise<void> {
  const size = await blobs.blobSize(route.repository, digest);
  if (size === undefined) throw blobUnknown(route);
  answer(response, 200, { ...blobHeaders(digest), "Content-Length": size });
}

async function getBlob({ request, response, blobs }: Call, route: BlobRoute, digest: Digest): Promise<void> {
  const blob = await blobs.openBlob(route.repository, digest);
  if (blob === undefined) throw blobUnknown(route);
  try {
    const headers = blobHeaders(digest);
    if (isUnchanged(request, digest)) {
      answer(response, 304, headers);
      return;
    }
    const ifRange = request.headers["if-range"];
    const wanted = ifRange === undefined || ifRange === headers.ETag ? request.headers.range : undefined;
    const part = parseRange(wanted, blob.size);
    if (part === "unsatisfiable") {
      throw new RegistryError(
        "SIZE_INVALID",
        `the blob has ${blob.size} bytes and none in the range ${wanted}`,
        {
          status: 416,
          headers: { "Content-Range": `bytes */${blob.size}` },
        },
      );
    }
    if (part === undefined) {
      writeHead(response, 200, { ...headers, "Content-Length": blob.size });
      await sendPart(response, blob, { offset: 0, length: blob.size });
    } else {
      const last = part.offset + part.length - 1;
      writeHead(response, 206, {
        ...headers,
        "Content-Length": part.length,
        "Content-Range": `bytes ${part.offset}-${last}/${blob.size}`,
      });
      await sendPart(response, blob, part);
    }
  } finally {
    blob.close();
  }
}

/**
 * Sends a part of a blob piece by piece. The system takes a piece into the connection's buffer and
 * tells when it has, so that the same memory serves for the next.
 */
async function sendPart(response: ServerResponse, blob: OpenBlob, { offset, length }: Part): Promise<void> {
  const { memory, release } = takePiece(length);
  let outcome: "safe" | "unsafe" = "unsafe";
  try {
    for (let sent = 0; sent < length;) {
      const wanted = memory.subarray(0, Math.min(memory.byteLength, length - sent));
      const reading = blob.read(wanted, offset + sent);
      // oxlint-disable-next-line no-await-in-loop
      const count = typeof reading === "number" ? reading : await reading;
      if (count === 0) throw new RegistryError("STORAGE_FAULT", `a blob ends ${length - sent} bytes early`);
      // oxlint-disable-next-line no-await-in-loop
      await write(response, wanted.subarray(0, count));
      sent += count;
    }
    outcome = "safe";
  } finally {
    release(outcome);
  }
  response.end();
}

/** Resolves when the system has the bytes; fails when the client has gone. */
async function write(response: ServerResponse, bytes: Uint8Array): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const gone = (): void => reject(new ClientGone());
    if (response.destroyed) {
      gone();
      return;
    }
    response.once("close", gone);
    response.write(bytes, (error) => {
      response.off("close", gone);
      if (error === null || error === undefined) resolve();
      else reject(new ClientGone());
    });
  });
}

/** The client has broken the connection: nobody is there to answer. */
export class ClientGone extends Error {
  override readonly name = "ClientGone";
}

function blobHeaders(digest: Digest): { readonly [header: string]: string; readonly ETag: string } {
  return {
    "Content-Type": "application/octet-stream",
    "Docker-Content-Digest": digest,
    ETag: `"${digest}"`,
    "Accept-Ranges": "bytes",
    "X-Content-Type-Options": "nosniff",
  };
}

function blobUnknown({ repository, digest }: BlobRoute): RegistryError {
  return new RegistryError("BLOB_UNKNOWN", `${repository} has no blob ${digest}`);
}
