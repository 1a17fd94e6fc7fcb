import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Access, Action, Authorize } from "./auth/authorize.ts";
import { TOKEN_PATH } from "./auth/tokens.ts";
import { methodNotAllowed } from "./call.ts";
import type { Call } from "./call.ts";
import { asRegistryError, RegistryError } from "./errors.ts";
import { answerFault, answerJson, warningHeaders } from "./http/answer.ts";
import type { Ask, Demand } from "./demand/demand.ts";
import { clientKey, clientReader } from "./http/client.ts";
import type { Client } from "./http/client.ts";
import { RateLimit } from "./limits/rate.ts";
import { DEFAULT_REGISTRY_LIMITS } from "./options.ts";
import type { Asked, RegistryLimits, RegistryOptions } from "./options.ts";
import { isPagePath, servePage } from "./page/routes.ts";
import { parseRoute } from "./route.ts";
import type { Route } from "./route.ts";
import { ClientGone, serveBlob } from "./routes/blobs.ts";
import { serveCatalog, serveReferrers, serveTags } from "./routes/listings.ts";
import { serveManifest } from "./routes/manifests.ts";
import { serveUpload, serveUploads } from "./routes/uploads.ts";
import { listen } from "./server.ts";
import type { Listening, ListenOptions } from "./server.ts";

export interface Registry {
  /** Answers one request; what Node's HTTP servers call. Never fails: a fault is an answer. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => Promise<void>;
  /** Uploads that are being received. */
  readonly uploadsInFlight: () => number;
  /** Opens a port for it. */
  listen(options?: ListenOptions): Promise<Listening>;
}

const REQUEST_ID = "X-Request-Id";
const REQUEST_ID_TEXT = /^[A-Za-z0-9._:-]{1,128}$/;

/** A registry of the OCI distribution specification, 1.1 and what its main text has since. */
export function createRegistry(options: RegistryOptions): Registry {
  const limits: RegistryLimits = { ...DEFAULT_REGISTRY_LIMITS, ...options.limits };
  const uploads = { inFlight: 0 };
  const authorize = options.tokens?.authorize ?? options.authorize;
  const mountsAnonymously =
    (options.anonymousMount ?? (authorize === undefined ? "allow" : "refuse")) === "allow";
  const rate = options.rate === undefined ? undefined : new RateLimit(options.rate);
  const readClient = clientReader(options.proxies ?? []);

  /** What each connection had moved when its last request was counted. */
  const counted = new WeakMap<Socket, { readonly read: number; readonly written: number }>();

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const started = performance.now();
    const { socket } = request;
    const before = counted.get(socket) ?? { read: 0, written: 0 };
    const { path, query } = splitTarget(request.url ?? "/");
    const asked: Asked = { method: request.method ?? "GET", path, repository: undefined };
    const visit: Visit = {
      requestId: requestIdOf(request),
      client: readClient(request),
      username: undefined,
    };
    let route: Route | undefined;
    let fault: RegistryError | ClientGone | undefined;
    response.setHeader(REQUEST_ID, visit.requestId);
    try {
      if (rate !== undefined) requireRate(rate, visit.client.address, started);
      route = parseRoute(path);
      if (route !== undefined && options.demand !== undefined)
        route = await options.demand.locate(route, asked.method, new URLSearchParams(query));
      if (options.warnings !== undefined)
        setWarnings(response, options.warnings(withRepository(asked, route)));
      if (route !== undefined) await attend(request, response, { route, query, visit });
      else if (path === TOKEN_PATH && options.tokens !== undefined)
        await options.tokens.handle(request, response);
      else if (options.demand !== undefined && isPagePath(path)) {
        await servePage({
          request,
          response,
          method: asked.method,
          path,
          storage: options.storage,
          demand: options.demand,
          client: visit.client,
          publicUrl: options.publicUrl,
          visitor: () => visitorOf(visit),
          asks: authorize === undefined ? "nobody" : "everybody",
          require: requirer(request, visit),
        });
      } else throw noSuchEndpoint(path);
    } catch (error) {
      fault = request.destroyed && !request.complete ? new ClientGone() : asFault(error);
      if (fault instanceof ClientGone) response.destroy();
      else answerFault(request, response, fault);
    }
    const after = { read: socket.bytesRead, written: socket.bytesWritten };
    counted.set(socket, after);
    options.observe?.({
      ...withRepository(asked, route),
      requestId: visit.requestId,
      client: visit.client.address,
      username: visit.username,
      kind: route?.kind,
      status: response.statusCode,
      bytesIn: after.read - before.read,
      bytesOut: after.written - before.written,
      milliseconds: performance.now() - started,
      fault,
    });
  }

  async function attend(
    request: IncomingMessage,
    response: ServerResponse,
    { route, query, visit }: { readonly route: Route; readonly query: string; readonly visit: Visit },
  ): Promise<void> {
    const require = requirer(request, visit);
    const method = request.method ?? "GET";
    if (authorize !== undefined) await require(...accessOf(method, route));
    if (options.mode === "read-only" && !isReading(method)) throw readOnly();
    const call: Call = {
      request,
      response,
      method,
      query: new URLSearchParams(query),
      storage: options.storage,
      blobs: options.storage,
      limits,
      options,
      mountsAnonymously,
      uploads,
      require,
    };
    await serve(
      options.demand === undefined ? call : await onDemand(options.demand, call, route, visit),
      route,
    );
  }

  function requirer(request: IncomingMessage, visit: Visit): Call["require"] {
    return async (action, repository) => {
      if (authorize === undefined) return;
      visit.username = await requireAccess(authorize, request, { action, repository });
    };
  }

  const uploadsInFlight = (): number => uploads.inFlight;
  return { handle, uploadsInFlight, listen: async (where = {}) => await listen(handle, where) };
}

/** Sees to it that what can be made is there, and says from where blobs are read. */
async function onDemand(demand: Demand, call: Call, route: Route, visit: Visit): Promise<Call> {
  if (!("repository" in route)) return call;
  const { repository } = route;
  if (!isReading(call.method)) {
    if (call.method !== "DELETE" && demand.owns(repository)) throw notPushed(repository);
    return call;
  }
  const ask: Ask = {
    response: call.response,
    visitor: visitorOf(visit),
    mayMake: async () => await call.require("make", repository),
  };
  if (route.kind === "manifest") await demand.prepare(repository, route.reference, ask);
  return route.kind === "blob" ? { ...call, blobs: demand.blobs(repository, ask) } : call;
}

/** Who counts as one: a user, or all that come from an address. */
function visitorOf({ username, client }: Visit): string {
  return username ?? clientKey(client.address);
}

function notPushed(repository: string): RegistryError {
  return new RegistryError("DENIED", `${repository} is made here when it is pulled, and cannot be pushed`, {
    advice: "Push under a name that does not begin with what a registry makes, such as mine/",
  });
}

/** Who is there, and by what name the request is found in logs. */
interface Visit {
  readonly requestId: string;
  readonly client: Client;
  username: string | undefined;
}

async function serve(call: Call, route: Route): Promise<void> {
  switch (route.kind) {
    case "ping":
      if (!isReading(call.method)) throw methodNotAllowed(call, "GET, HEAD");
      return answerJson(call.response, 200, {}, {});
    case "manifest":
      return await serveManifest(call, route);
    case "blob":
      return await serveBlob(call, route);
    case "uploads":
      return await serveUploads(call, route);
    case "upload":
      return await serveUpload(call, route);
    case "tags":
      return await serveTags(call, route);
    case "referrers":
      return await serveReferrers(call, route);
    case "catalog":
      return await serveCatalog(call);
  }
}

/** What a request needs leave for. Looking at one's own upload is part of pushing it. */
function accessOf(method: string, route: Route): readonly [Action, string | undefined] {
  if (route.kind === "ping") return ["enter", undefined];
  if (route.kind === "catalog") return ["list", undefined];
  if (route.kind === "upload" || route.kind === "uploads") return ["push", route.repository];
  if (isReading(method)) return ["pull", route.repository];
  return [method === "DELETE" ? "delete" : "push", route.repository];
}

/** Gives who the visitor is, if they may. `UNAUTHORIZED` `DENIED` */
async function requireAccess(
  authorize: Authorize,
  request: IncomingMessage,
  access: Access,
): Promise<string | undefined> {
  const { action, repository } = access;
  const verdict = await authorize(request, access);
  if (verdict.verdict === "allow") return verdict.username;
  const what = repository === undefined ? action : `${action} ${repository}`;
  if (verdict.verdict === "deny") throw new RegistryError("DENIED", `you may not ${what}`);
  throw new RegistryError("UNAUTHORIZED", `credentials are needed to ${what}`, {
    headers: { "WWW-Authenticate": verdict.challenge },
  });
}

function isReading(method: string): boolean {
  return method === "GET" || method === "HEAD";
}

/** An id of the client's own goes on, so that it finds its request in both logs; nothing else may stand in a log. */
function requestIdOf(request: IncomingMessage): string {
  const given = request.headers["x-request-id"];
  return typeof given === "string" && REQUEST_ID_TEXT.test(given) ? given : randomUUID();
}

function requireRate(rate: RateLimit, address: string, now: number): void {
  const wait = rate.take(clientKey(address), now);
  if (wait === 0) return;
  throw new RegistryError("TOOMANYREQUESTS", "too many requests from your address", {
    headers: { "Retry-After": String(Math.ceil(wait)) },
  });
}

function readOnly(): RegistryError {
  return new RegistryError("UNSUPPORTED", "the registry is read-only", { headers: { Allow: "GET, HEAD" } });
}

function setWarnings(response: ServerResponse, texts: readonly string[]): void {
  const headers = warningHeaders(texts);
  if (headers.length > 0) response.setHeader("Warning", headers);
}

function withRepository(asked: Asked, route: Route | undefined): Asked {
  return route !== undefined && "repository" in route ? { ...asked, repository: route.repository } : asked;
}

function splitTarget(target: string): { readonly path: string; readonly query: string } {
  const mark = target.indexOf("?");
  return mark < 0
    ? { path: target, query: "" }
    : { path: target.slice(0, mark), query: target.slice(mark + 1) };
}

function asFault(error: unknown): RegistryError | ClientGone {
  return error instanceof ClientGone ? error : asRegistryError(error);
}

function noSuchEndpoint(path: string): RegistryError {
  return new RegistryError("UNSUPPORTED", `there is nothing at ${JSON.stringify(path.slice(0, 300))}`, {
    status: 404,
  });
}
