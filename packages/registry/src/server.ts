import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { Socket } from "node:net";
import { RegistryError } from "./errors.ts";
import { Exchanges } from "./http/exchanges.ts";

/** What a server proves itself with: PEM. */
export interface TlsIdentity {
  readonly key: string;
  /** The certificate, and after it those that it needs. */
  readonly cert: string;
}

export interface ListenOptions {
  /** Default 127.0.0.1. */
  readonly host?: string | undefined;
  /** Default: one that is free. */
  readonly port?: number | undefined;
  /** "shared": other processes that say so too may listen there, and the system spreads connections over them. */
  readonly sharing?: "alone" | "shared" | undefined;
  /** Without it plain HTTP is spoken. */
  readonly tls?: TlsIdentity | undefined;
  /** How long a client may take to send the head of a request. Default 20. */
  readonly headSeconds?: number | undefined;
  /** How long a client may be silent in the middle of a request or an answer. Default 60. */
  readonly idleSeconds?: number | undefined;
  /** The least that a client must send or take in each `idleSeconds`: bytes. Default: one that drips may stay. */
  readonly slowBytes?: number | undefined;
  /** How long `close` waits for answers that have begun. Default 10. */
  readonly graceSeconds?: number | undefined;
  /** Connections at once; more are closed. Default: no limit. */
  readonly maxConnections?: number | undefined;
}

export interface Listening {
  /** Without a slash at the end. */
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** Connections that are open. */
  readonly connections: () => number;
  /** Requests that are being answered. */
  readonly inFlight: () => number;
  /** From the next connection on, another certificate; those that are open keep theirs. */
  setTls(tls: TlsIdentity): void;
  /** Takes no more connections, lets what has begun end, and breaks off what has not ended in time. */
  close(): Promise<void>;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** How long a connection without a request stays open. Longer than clients keep theirs, so that they close first. */
const KEEP_ALIVE_SECONDS = 75;
/** More than any client's head has. */
const MAX_HEAD_BYTES = 32 * 1024;

/** Opens a port and gives what comes in to `handler`. */
export async function listen(handler: Handler, options: ListenOptions): Promise<Listening> {
  const { host = "127.0.0.1", port = 0, tls, graceSeconds = 10, maxConnections } = options;
  const { headSeconds = 20, idleSeconds = 60, slowBytes = 0 } = options;
  const settings = {
    keepAliveTimeout: KEEP_ALIVE_SECONDS * 1000,
    headersTimeout: headSeconds * 1000,
    connectionsCheckingInterval: Math.min(headSeconds * 500, 10_000),
    // A large blob takes as long as it takes; silence ends it, or a drip.
    requestTimeout: 0,
    maxHeaderSize: MAX_HEAD_BYTES,
    noDelay: true,
  };
  const exchanges = new Exchanges();
  const latest = new WeakMap<Socket, ServerResponse>();
  let closing = false;
  const handle = (request: IncomingMessage, response: ServerResponse): void => {
    if (closing) response.shouldKeepAlive = false;
    exchanges.add(request, response);
    response.once("close", () => {
      // Of a request that was answered early, the rest may still drip in.
      if (request.complete) exchanges.remove(request);
      else request.once("close", () => exchanges.remove(request));
      if (closing) server.closeIdleConnections();
    });
    // Requests that come before their answers have gone wait in turn: else each would hold memory for its own.
    const earlier = latest.get(request.socket);
    latest.set(request.socket, response);
    if (earlier === undefined || earlier.closed) void handler(request, response);
    else earlier.once("close", () => void handler(request, response));
  };
  const secure = tls === undefined ? undefined : createTlsServer({ ...settings, ...tls }, handle);
  const server: Server = secure ?? createServer(settings, handle);
  server.setTimeout(idleSeconds * 1000, (socket: Socket) => {
    if (exchanges.isWorking(socket)) socket.setTimeout(idleSeconds * 1000);
    else socket.destroy();
  });
  const watch = setInterval(() => exchanges.endSlow(slowBytes), idleSeconds * 1000).unref();
  let connections = 0;
  server.on("connection", (socket: Socket) => {
    connections += 1;
    socket.once("close", () => {
      connections -= 1;
      exchanges.removeAll(socket);
    });
  });
  if (maxConnections !== undefined) server.maxConnections = maxConnections;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen({ host, port, reusePort: options.sharing === "shared" }, () => {
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
    exchanges.letLast();
    const ended = new Promise<void>((resolve) => {
      server.close(() => resolve());
    });
    server.closeIdleConnections();
    const deadline = setTimeout(() => server.closeAllConnections(), graceSeconds * 1000);
    await ended;
    clearTimeout(deadline);
    clearInterval(watch);
  };
  return {
    url: `${scheme}://${host.includes(":") ? `[${host}]` : host}:${actual}`,
    host,
    port: actual,
    connections: () => connections,
    inFlight: () => exchanges.size,
    setTls: (identity) => {
      if (secure === undefined) throw new RegistryError("CONFIG_INVALID", "the server does not speak TLS");
      secure.setSecureContext({ ...identity });
    },
    close: async () => await (closed ??= close()),
  };
}
