import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";

export interface ListenOptions {
  /** Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** Default: one that is free. */
  readonly port?: number | undefined;
  /** PEM; without it plain HTTP is spoken. */
  readonly tls?: { readonly key: string; readonly cert: string } | undefined;
  /** How long a connection may be silent in the middle of a request or an answer. Default 60. */
  readonly idleSeconds?: number | undefined;
  /** How long `close` waits for answers that have begun. Default 10. */
  readonly graceSeconds?: number | undefined;
  /** Connections at once; more wait in the system's queue. Default: no limit. */
  readonly maxConnections?: number | undefined;
}

export interface Listening {
  /** Without a slash at the end. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Takes no more connections, lets what has begun end, and breaks off what has not ended in time. */
  close(): Promise<void>;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** How long a connection without a request stays open. Longer than clients keep theirs, so that they close first. */
const KEEP_ALIVE_SECONDS = 75;
/** How long a client may take to send the head of a request. */
const HEAD_SECONDS = 20;

/** Opens a port and gives what comes in to `handler`. */
export async function listen(handler: Handler, options: ListenOptions): Promise<Listening> {
  const { host = "127.0.0.1", port = 0, tls, idleSeconds = 60, graceSeconds = 10, maxConnections } = options;
  const settings = {
    keepAliveTimeout: KEEP_ALIVE_SECONDS * 1000,
    headersTimeout: HEAD_SECONDS * 1000,
    // A large blob takes as long as it takes; only silence ends it.
    requestTimeout: 0,
    noDelay: true,
  };
  let closing = false;
  const running = new Set<ServerResponse>();
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    if (closing) response.shouldKeepAlive = false;
    running.add(response);
    response.once("close", () => {
      running.delete(response);
      if (closing) server.closeIdleConnections();
    });
    void handler(request, response);
  };
  const server: Server =
    tls === undefined ? createServer(settings, handle) : createTlsServer({ ...settings, ...tls }, handle);
  server.setTimeout(idleSeconds * 1000);
  if (maxConnections !== undefined) server.maxConnections = maxConnections;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port }, () => {
      server.off("error", reject);
      resolve();
    });
  });

  const address = server.address();
  const actual = typeof address === "object" && address !== null ? address.port : port;
  const scheme = tls === undefined ? "http" : "https";
  let closed: Promise<void> | undefined;
  const close = async (): Promise<void> => {
    closing = true;
    for (const response of running) response.shouldKeepAlive = false;
    const ended = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    server.closeIdleConnections();
    const deadline = setTimeout(() => server.closeAllConnections(), graceSeconds * 1000);
    await ended;
    clearTimeout(deadline);
  };
  return {
    url: `${scheme}://${host.includes(":") ? `[${host}]` : host}:${actual}`,
    host,
    port: actual,
    close: async () => await (closed ??= close()),
  };
}
