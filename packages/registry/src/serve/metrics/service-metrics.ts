import type { RegistryEvent } from "../../options.ts";
import { Counter, expose, Histogram, Reading } from "./exposition.ts";
import type { Metric } from "./exposition.ts";

/** Seconds: a manifest out of memory takes less than the first, a large layer more than the last. */
const LATENCY_BOUNDS = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60];
/** Methods that have a series of their own; a client could make up any number of others. */
const METHODS = new Set(["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE"]);

/** What a registry service counts and measures of itself. */
export class ServiceMetrics {
  readonly #requests = new Counter("cooper_registry_requests_total", "Requests that have been answered");
  readonly #seconds = new Histogram(
    "cooper_registry_request_seconds",
    "Seconds from a request's head to the end of its answer",
    LATENCY_BOUNDS,
  );
  readonly #received = new Counter("cooper_registry_received_bytes_total", "Bytes that clients sent");
  readonly #sent = new Counter("cooper_registry_sent_bytes_total", "Bytes that clients were sent");
  readonly #metrics: Metric[] = [this.#requests, this.#seconds, this.#received, this.#sent];

  constructor() {
    this.include(
      new Reading("process_resident_memory_bytes", "Memory of the process", "gauge", () =>
        process.memoryUsage.rss(),
      ),
      new Reading("process_cpu_seconds_total", "Processor time of the process", "counter", cpuSeconds),
      new Reading("process_start_time_seconds", "When the process started", "gauge", () =>
        Math.round(performance.timeOrigin / 1000),
      ),
    );
  }

  /** Shows further metrics: of what else belongs to the service. */
  include(...metrics: readonly Metric[]): void {
    this.#metrics.push(...metrics);
  }

  observe({ method, kind, status, milliseconds, bytesIn, bytesOut }: RegistryEvent): void {
    const what = { method: METHODS.has(method) ? method : "other", kind: kind ?? "other" };
    this.#requests.add(1, { ...what, status: String(status) });
    this.#seconds.observe(milliseconds / 1000, what);
    this.#received.add(bytesIn);
    this.#sent.add(bytesOut);
  }

  text(): string {
    return expose(this.#metrics);
  }
}

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
