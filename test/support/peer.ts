import { createServer } from "node:http";
import type { IncomingMessage, RequestListener, Server, ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { ServerOptions } from "node:https";
import type { Socket } from "node:net";
import type { TestContext } from "node:test";

/** A request as a peer saw it. */
export interface PeerRequest {
  readonly method: string;
  /** Path and query, exactly as they came. */
  readonly target: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingMessage["headers"];
  /** The body to its end; a peer that wants to break off in the middle does not call it. */
  readonly body: () => Promise<Buffer>;
  /** The body as it comes. */
  readonly stream: () => AsyncIterable<Buffer>;
  readonly socket: Socket;
}

/** Answers a request; what it returns is awaited and ignored. What it throws becomes a 500 that says so. */
export type PeerHandler = (request: PeerRequest, response: ServerResponse) => unknown;

export interface Peer {
  /** `127.0.0.1:PORT`, as it stands in a reference. */
  readonly host: string;
  /** `http://127.0.0.1:PORT` or https. */
  readonly url: string;
  /** Every request so far: `GET /v2/`. */
  readonly log: readonly string[];
  /** Every request so far, whole. */
  readonly requests: readonly PeerRequest[];
}

/**
 * Starts a small HTTP server of the test's own, one that misbehaves where the test wants it to, and
 * stops it when the test ends. `tls` makes it https.
 */
export async function startPeer(
  t: TestContext,
  handle: PeerHandler,
  tls?: Pick<ServerOptions, "cert" | "key" | "ca" | "requestCert" | "rejectUnauthorized">,
): Promise<Peer> {
  const log: string[] = [];
  const requests: PeerRequest[] = [];
  const listener: RequestListener = (incoming, response) => {
    const request = read(incoming);
    log.push(`${request.method} ${request.target}`);
    requests.push(request);
    response.on("error", () => {});
    void (async () => {
      try {
        await handle(request, response);
      } catch (error) {
        if (!response.headersSent) response.writeHead(500);
        response.end(String(error));
      }
    })();
  };
  const server: Server = tls === undefined ? createServer(listener) : createSecureServer(tls, listener);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  t.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port was given");
  const host = `127.0.0.1:${address.port}`;
  return { host, url: `${tls === undefined ? "http" : "https"}://${host}`, log, requests };
}

function read(incoming: IncomingMessage): PeerRequest {
  const target = incoming.url ?? "/";
  const url = new URL(target, "http://peer");
  return {
    method: incoming.method ?? "",
    target,
    path: url.pathname,
    query: url.searchParams,
    headers: incoming.headers,
    socket: incoming.socket,
    stream: () => incoming,
    body: async () => {
      const chunks: Buffer[] = [];
      const stream: AsyncIterable<Buffer> = incoming;
      for await (const chunk of stream) chunks.push(chunk);
      return Buffer.concat(chunks);
    },
  };
}
