import type { IncomingMessage } from "node:http";

/** Whether the client says that it has this content already (RFC 9110, 13.1.2); an ETag is the digest, quoted. */
export function isUnchanged(request: IncomingMessage, digest: string): boolean {
  const header = request.headers["if-none-match"];
  if (header === undefined) return false;
  return header.split(",").some((tag) => tag.trim().replace(/^W\//, "") === `"${digest}"`);
}
