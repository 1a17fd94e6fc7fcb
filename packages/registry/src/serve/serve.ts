import type { IncomingMessage, ServerResponse } from "node:http";
import { RegistryError } from "../errors.ts";
import { answerFault } from "../http/answer.ts";
import type { RegistryOptions } from "../options.ts";
import { createRegistry } from "../registry.ts";
import { listen } from "../server.ts";
import type { Listening, ListenOptions } from "../server.ts";
import { directoryStorage } from "../storage/directory/directory.ts";
import type { DirectoryStorage } from "../storage/directory/directory.ts";
import type { Log } from "./log/log.ts";
import { accessControl } from "./access-control.ts";
import { collecting } from "./collecting.ts";
import { logRequest } from "./log/requests.ts";
import { Reading } from "./metrics/exposition.ts";
import { ServiceMetrics } from "./metrics/service-metrics.ts";
import { invitation, isMadeBy, making } from "./making.ts";
import { createOperations } from "./operations.ts";
import type { Operations } from "./operations.ts";
import type { ServeSettings } from "./settings/schema.ts";
import { followTls, readTls } from "./tls.ts";
import type { TlsFiles } from "./tls.ts";

export interface ServeOptions {
  readonly settings: ServeSettings;
  readonly log: Log;
  /** Stops it: no more connections, and what has begun may end. */
  readonly signal: AbortSignal;
}

/** A burst is this many seconds' worth of requests, where nobody says how many. */
const BURST_SECONDS = 10;

/** Runs a registry until the signal, and returns when its last answer has ended. `CONFIG_INVALID` */
export async function serve({ settings, log, signal }: ServeOptions): Promise<void> {
  signal.throwIfAborted();
  const storage = openStorage(settings);
  const metrics = new ServiceMetrics();
  const made = making(settings, storage, log);
  const access = await accessControl(settings, log);
  const registry = createRegistry({
    ...registryOptions(settings),
    ...access,
    storage,
    demand: made?.demand,
    publicUrl: settings.publicUrl,
    observe: (event) => {
      metrics.observe(event);
      logRequest(log, event);
    },
  });
  const garbage = collecting({ storage, settings, isMade: isMadeBy(settings), log, signal });
  const check = checkOf(storage, settings, signal);
  const metricsText = (): string => metrics.text();
  // Where visitors must say who they are, what all of them do is not for everyone.
  const isOpen = settings.metricsListen === undefined && Object.keys(access).length === 0;
  const operations = createOperations({ check, metrics: isOpen ? metricsText : undefined });
  const files = tlsFiles(settings);
  const main = await listen(after(operations, registry.handle), listenOptions(settings, files));
  const listeners = [main];
  let collected: Promise<void> | undefined;
  try {
    metrics.include(
      ...readings(main, registry.uploadsInFlight),
      ...garbage.metrics,
      ...(made?.metrics ?? []),
    );
    if (settings.metricsListen !== undefined) {
      const apart = createOperations({ check, metrics: metricsText });
      listeners.push(await listen(after(apart, nothingElse), settings.metricsListen));
    }
    if (files !== undefined) followCertificate(files, { main, log, signal });
    log("info", `Serving at ${main.url}`);
    if (made !== undefined) log("info", invitation(made.demand, settings.publicUrl ?? main.url));
    collected = garbage.run();
    await aborted(signal);
    log("info", "Stopping: no more connections, transfers under way may end");
  } finally {
    await Promise.all([collected, ...listeners.map(async (listener) => await listener.close())]);
    await made?.demand.close();
  }
  log("info", "Stopped");
}

/** The storage that the settings name. A use is written down four times in the time for which it counts. */
export function openStorage({ data, gcGrace }: ServeSettings): DirectoryStorage {
  return directoryStorage({ path: data, renewSeconds: gcGrace / 4 });
}

type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

/** What operators ask is answered first, whatever the registry would say to it. */
function after(operations: Operations, handler: Handler): Handler {
  return async (request, response) => {
    if (!(await operations.handle(request, response))) await handler(request, response);
  };
}

async function nothingElse(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const fault = new RegistryError("UNSUPPORTED", "here are /metrics, /healthz and /readyz", { status: 404 });
  answerFault(request, response, fault);
}

function checkOf(storage: DirectoryStorage, { mode }: ServeSettings, signal: AbortSignal) {
  return async (): Promise<void> => {
    if (signal.aborted) throw new RegistryError("UNSUPPORTED", "the registry is stopping");
    await storage.check(mode === "read-only" ? "read" : "write");
  };
}

function registryOptions(settings: ServeSettings): Omit<RegistryOptions, "storage"> {
  const { mode, proxies, references, anonymousMount, chunkMinBytes, warning } = settings;
  const { manifestBytes, blobBytes, uploadsInFlight, requestsPerSecond, requestBurst } = settings;
  return {
    mode,
    proxies,
    references,
    anonymousMount,
    chunkMinBytes,
    limits: { manifestBytes, uploadsInFlight, ...(blobBytes === undefined ? {} : { blobBytes }) },
    rate:
      requestsPerSecond === undefined
        ? undefined
        : { perSecond: requestsPerSecond, burst: requestBurst ?? requestsPerSecond * BURST_SECONDS },
    warnings: warning.length === 0 ? undefined : () => warning,
  };
}

function listenOptions(settings: ServeSettings, files: TlsFiles | undefined): ListenOptions {
  return {
    ...settings.listen,
    tls: files === undefined ? undefined : readTls(files),
    sharing: settings.listenSharing,
    headSeconds: settings.headTime,
    idleSeconds: settings.idleTime,
    slowBytes: settings.slowBytes,
    graceSeconds: settings.stopTime,
    maxConnections: settings.connections,
  };
}

function tlsFiles({ tlsCertificate, tlsKey }: ServeSettings): TlsFiles | undefined {
  if (tlsCertificate === undefined || tlsKey === undefined) return undefined;
  return { certificate: tlsCertificate, key: tlsKey };
}

function followCertificate(
  files: TlsFiles,
  { main, log, signal }: { readonly main: Listening; readonly log: Log; readonly signal: AbortSignal },
): void {
  followTls(files, {
    use: (identity) => {
      main.setTls(identity);
      log("info", "The certificate has changed, and the new one is used", { file: files.certificate });
    },
    fault: (error) => log("error", "The certificate has changed and cannot be used", { error }),
    signal,
  });
}

function readings(main: Listening, uploadsInFlight: () => number): readonly Reading[] {
  return [
    new Reading("cooper_registry_connections", "Connections that are open", "gauge", main.connections),
    new Reading("cooper_registry_requests_in_flight", "Requests being answered", "gauge", main.inFlight),
    new Reading("cooper_registry_uploads_in_flight", "Uploads being received", "gauge", uploadsInFlight),
  ];
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => {
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
