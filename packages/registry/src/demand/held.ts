import type { ServerResponse } from "node:http";
import { RegistryError } from "../errors.ts";
import { ClientGone } from "../routes/blobs.ts";

/**
 * Waits for something on behalf of a client: until it has gone, or has waited `seconds`. The
 * connection is silent for that long; the system's keep-alive tells whether it still stands.
 * `TOOMANYREQUESTS`, which podman and skopeo ask again after.
 */
export async function held<T>(
  response: ServerResponse,
  waitedFor: Promise<T>,
  { seconds, what }: { readonly seconds: number; readonly what: string },
): Promise<T> {
  response.socket?.setKeepAlive(true, KEEP_ALIVE_MS);
  const { promise: ended, reject } = Promise.withResolvers<never>();
  const gone = (): void => reject(new ClientGone());
  response.once("close", gone);
  const patience = setTimeout(() => reject(stillBeingMade(what)), seconds * 1000);
  try {
    if (response.destroyed) throw new ClientGone();
    return await Promise.race([waitedFor, ended]);
  } finally {
    clearTimeout(patience);
    response.off("close", gone);
  }
}

const KEEP_ALIVE_MS = 30_000;
const RETRY_SECONDS = 10;

function stillBeingMade(what: string): RegistryError {
  return new RegistryError("TOOMANYREQUESTS", `${what} is still being made`, {
    headers: { "Retry-After": String(RETRY_SECONDS) },
    advice: "Ask again: it goes on meanwhile, and /_cooper/builds shows how far it is",
  });
}
