import { readFileSync } from "node:fs";
import type { TestContext } from "node:test";
import { describeBytes, MEDIA_TYPES } from "@cooper/oci";
import type { Descriptor } from "@cooper/oci";
import { startPeer } from "@cooper/test";
import type { Authority, Peer, PeerHandler } from "@cooper/test";

export const MANIFEST: Buffer = Buffer.from('{"schemaVersion":2}');
export const DESCRIPTOR: Descriptor = describeBytes(MEDIA_TYPES.oci.manifest, MANIFEST);

/** Gives that manifest, whatever is asked for. */
export const answer: PeerHandler = (request, response) => {
  response.setHeader("content-type", DESCRIPTOR.mediaType);
  response.setHeader("content-length", DESCRIPTOR.size);
  response.setHeader("docker-content-digest", DESCRIPTOR.digest);
  response.end(request.method === "HEAD" ? undefined : MANIFEST);
};

export async function securePeer(
  t: TestContext,
  made: Authority,
  handle: PeerHandler = answer,
): Promise<Peer> {
  return await startPeer(t, handle, { cert: readFileSync(made.certificate), key: readFileSync(made.key) });
}
