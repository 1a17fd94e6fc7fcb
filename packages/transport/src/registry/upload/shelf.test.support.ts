import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { TestContext } from "node:test";
import { fromBytes } from "@cooper/archive";
import type { ByteStream } from "@cooper/archive";
import { describeBytes, digestBytes } from "@cooper/oci";
import type { Descriptor } from "@cooper/oci";
import { startPeer } from "@cooper/test";
import type { Peer, PeerHandler, PeerRequest } from "@cooper/test";
import { openPeer } from "../opening.test.support.ts";
import type { OpenRegistryOptions, RegistryRepository } from "../repository.ts";

export const MEBIBYTE: number = 1024 * 1024;
export const SMALL: Buffer = randomBytes(1000);
export const LARGE: Buffer = randomBytes(6 * MEBIBYTE);

export function blobOf(bytes: Uint8Array): Descriptor {
  return describeBytes("application/octet-stream", bytes);
}

/** The content in pieces, as a file's stream gives them. */
export function inPieces(bytes: Buffer): () => ByteStream {
  return () =>
    fromBytes(
      ...Array.from({ length: Math.ceil(bytes.byteLength / 65536) }, (_, n) =>
        bytes.subarray(n * 65536, (n + 1) * 65536),
      ),
    );
}

/** What a peer knows: uploads under way by number, and blobs by digest. */
export interface Shelf {
  readonly uploads: Map<string, Buffer>;
  readonly blobs: Map<string, Buffer>;
}

/** Whether the request was answered; if not, the shelf does what a registry should. */
export type Quirk = (
  request: PeerRequest,
  response: ServerResponse,
  shelf: Shelf,
) => boolean | Promise<boolean>;

export interface Shelved extends Shelf {
  readonly peer: Peer;
  readonly repository: RegistryRepository;
  /** Methods and what is behind `uploads/`, without digests: `PATCH 1`. */
  readonly steps: () => readonly string[];
}

export const upload = (request: PeerRequest): string => /\/uploads\/(\d+)$/.exec(request.path)?.[1] ?? "";
const rangeOf = (bytes: Buffer): string => `0-${Math.max(0, bytes.byteLength - 1)}`;

export async function shelf(
  t: TestContext,
  quirk: Quirk = () => false,
  options: OpenRegistryOptions = {},
): Promise<Shelved> {
  const state: Shelf = { uploads: new Map(), blobs: new Map() };
  let count = 0;
  const answer: PeerHandler = async (request, response) => {
    const { method, path } = request;
    if (path === "/v2/") return void response.end();
    if (method === "POST") {
      const body = await request.body();
      assert.equal(body.byteLength, 0);
      state.uploads.set(String(++count), Buffer.alloc(0));
      return void response.writeHead(202, { location: `/v2/a/b/blobs/uploads/${count}` }).end();
    }
    const id = upload(request);
    const stored = state.uploads.get(id);
    if (id === "") {
      const blob = state.blobs.get(path.split("/").at(-1) ?? "");
      return void response
        .writeHead(blob === undefined ? 404 : 200, blob && { "content-length": blob.byteLength })
        .end();
    }
    if (stored === undefined) return void response.writeHead(404).end();
    const location = `/v2/a/b/blobs/uploads/${id}`;
    if (method === "DELETE") {
      state.uploads.delete(id);
      return void response.writeHead(204).end();
    }
    if (method === "GET") return void response.writeHead(204, { location, range: rangeOf(stored) }).end();
    const range = /^(\d+)-(\d+)$/.exec(request.headers["content-range"] ?? "");
    if (range !== null && Number(range[1]) !== stored.byteLength) {
      return void response.writeHead(416, { location, range: rangeOf(stored) }).end();
    }
    const bytes = Buffer.concat([stored, await request.body()]);
    if (method === "PATCH") {
      state.uploads.set(id, bytes);
      return void response.writeHead(202, { location, range: rangeOf(bytes) }).end();
    }
    const digest = request.query.get("digest") ?? "";
    if (digestBytes(bytes) !== digest)
      return void response.writeHead(400).end('{"errors":[{"code":"DIGEST_INVALID"}]}');
    state.uploads.delete(id);
    state.blobs.set(digest, bytes);
    return void response
      .writeHead(201, { location: "/v2/a/b/blobs/x", "docker-content-digest": digest })
      .end();
  };
  const peer = await startPeer(t, async (request, response) => {
    if (!(await quirk(request, response, state))) await answer(request, response);
  });
  const repository = openPeer(t, peer, options);
  const steps = (): readonly string[] =>
    peer.requests
      .filter(({ path }) => path.includes("/uploads/"))
      .map((request) => `${request.method} ${upload(request)}`.trim());
  return { ...state, peer, repository, steps };
}

export function assertStored({ blobs, uploads }: Shelf, bytes: Buffer): void {
  assert.ok(blobs.get(digestBytes(bytes))?.equals(bytes), "the blob is not there");
  assert.equal(uploads.size, 0, "an upload was left behind");
}
