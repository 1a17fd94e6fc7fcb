import type { IncomingMessage, ServerResponse } from "node:http";
import type { Action } from "./auth/authorize.ts";
import { methodNotAllowed } from "./call.ts";
import type { Call } from "./call.ts";
import { asRegistryError, RegistryError } from "./errors.ts";
import { answerFault, answerJson, warningHeaders } from "./http/answer.ts";
import { DEFAULT_REGISTRY_LIMITS } from "./options.ts";
import type { RegistryLimits, RegistryOptions } from "./options.ts";
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
  handle(request: IncomingMessage, response: ServerResponse): Promise<void>;
  /** Opens a port for it. */
  listen(options?: ListenOptions): Promise<Listening>;
}

/** A registry of the OCI distribution specification, 1.1 and what its main text has since. */
export function createRegistry(options: RegistryOptions): Registry {
  const limits: RegistryLimits = { ...DEFAULT_REGISTRY_LIMITS, ...options.limits };
  const uploads = { inFlight: 0 };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const started = performance.now();
    const method = request.method ?? "GET";
    const url = request.url ?? "/";
    const mark = url.indexOf("?");
    const path = mark < 0 ? url : url.slice(0, mark);
    let route: Route | undefined;
    let fault: RegistryError | ClientGone | undefined;
    try {
      route = parseRoute(path);
      if (options.warnings !== undefined) setWarnings(options, { method, path, route }, response);
      if (route === undefined) throw noSuchEndpoint(path);
      const call: Call = {
        request,
        response,
        method,
        query: new URLSearchParams(mark < 0 ? "" : url.slice(mark + 1)),
        storage: options.storage,
        limits,
        options,
        uploads,
        require: async (action, repository) => await requireAccess(options, request, action, repository),
      };
      if (options.authorize !== undefined) await call.require(...accessOf(method, route));
      await serve(call, route);
    } catch (error) {
      fault = request.destroyed && !request.complete ? new ClientGone() : asFault(error);
      if (fault instanceof ClientGone) response.destroy();
      else answerFault(request, response, fault);
    }
    options.observe?.({
      method,
      path,
      repository: repositoryOf(route),
      status: response.statusCode,
      milliseconds: performance.now() - started,
      fault,
    });
  }

  return { handle, listen: async (where = {}) => await listen(handle, where) };
}

async function serve(call: Call, route: Route): Promise<void> {
  switch (route.kind) {
    case "ping":
      if (call.method !== "GET" && call.method !== "HEAD") throw methodNotAllowed(call, "GET, HEAD");
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
  if (method === "GET" || method === "HEAD") return ["pull", route.repository];
  return [method === "DELETE" ? "delete" : "push", route.repository];
}

async function requireAccess(
  { authorize }: RegistryOptions,
  request: IncomingMessage,
  action: Action,
  repository: string | undefined,
): Promise<void> {
  if (authorize === undefined) return;
  const verdict = await authorize(request, { action, repository });
  const what = repository === undefined ? action : `${action} ${repository}`;
  switch (verdict.verdict) {
    case "allow":
      return;
    case "challenge":
      throw new RegistryError("UNAUTHORIZED", `credentials are needed to ${what}`, {
        headers: { "WWW-Authenticate": verdict.challenge },
      });
    case "deny":
      throw new RegistryError("DENIED", `you may not ${what}`);
  }
}

function setWarnings(
  { warnings }: RegistryOptions,
  {
    method,
    path,
    route,
  }: { readonly method: string; readonly path: string; readonly route: Route | undefined },
  response: ServerResponse,
): void {
  const headers = warningHeaders(warnings?.({ method, path, repository: repositoryOf(route) }) ?? []);
  if (headers.length > 0) response.setHeader("Warning", headers);
}

function repositoryOf(route: Route | undefined): string | undefined {
  return route !== undefined && "repository" in route ? route.repository : undefined;
}

function asFault(error: unknown): RegistryError | ClientGone {
  return error instanceof ClientGone ? error : asRegistryError(error);
}

function noSuchEndpoint(path: string): RegistryError {
  return new RegistryError("UNSUPPORTED", `there is nothing at ${JSON.stringify(path.slice(0, 300))}`, {
    status: 404,
  });
}
