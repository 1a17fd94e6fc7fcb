import type { IncomingMessage } from "node:http";
import type { ByteStream } from "@cooper/archive";

/**
 * A request's body. Leaving it early leaves the connection open, so that the client can still be
 * told why; Node would otherwise break it off.
 */
export function bodyOf(request: IncomingMessage): ByteStream {
  return { [Symbol.asyncIterator]: () => request.iterator({ destroyOnReturn: false }) };
}
