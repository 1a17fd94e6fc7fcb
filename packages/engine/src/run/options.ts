import { parseSize } from "@cooper/sys";
import { EngineError } from "../errors.ts";

/** A directory or file of the host, seen in the container. */
export interface Volume {
  /** Absolute path on the host. */
  readonly source: string;
  /** Absolute path in the container. */
  readonly target: string;
  readonly access: "read-write" | "read-only";
}

/** A TCP port of the host that leads to one of the container. */
export interface PublishedPort {
  /** The host's address, default 127.0.0.1. */
  readonly address: string;
  readonly hostPort: number;
  readonly containerPort: number;
}

function invalid(what: string, text: string, form: string): EngineError {
  return new EngineError("OPTION_INVALID", `${what} ${JSON.stringify(text)} is not of the form ${form}`, {
    kind: "usage",
    fields: { option: what, value: text },
  });
}

/** Reads `SOURCE:TARGET[:ro|rw]`; `resolve` makes a relative source absolute. OPTION_INVALID. */
export function parseVolume(text: string, resolve: (path: string) => string): Volume {
  const [source, target, access = "rw", ...rest] = text.split(":");
  const form = "SOURCE:TARGET[:ro|rw], with an absolute TARGET";
  if (source === undefined || source === "" || target === undefined || !target.startsWith("/")) {
    throw invalid("volume", text, form);
  }
  if (rest.length > 0 || (access !== "rw" && access !== "ro")) throw invalid("volume", text, form);
  return { source: resolve(source), target, access: access === "ro" ? "read-only" : "read-write" };
}

/** Reads `[ADDRESS:]HOSTPORT:PORT[/tcp]` or `PORT`, an IPv6 address in brackets. OPTION_INVALID. */
export function parsePublishedPort(text: string): PublishedPort {
  const form = "[ADDRESS:]HOSTPORT:PORT or PORT, TCP";
  const match =
    /^(?:(?<address>\[[0-9a-fA-F:]+\]|\d+(?:\.\d+){3}):)?(?:(?<host>\d+):)?(?<port>\d+)(?:\/tcp)?$/.exec(
      text,
    );
  const groups = match?.groups;
  if (groups?.["port"] === undefined) throw invalid("port", text, form);
  const containerPort = Number(groups["port"]);
  const hostPort = groups["host"] === undefined ? containerPort : Number(groups["host"]);
  if (hostPort > 65535 || containerPort < 1 || containerPort > 65535) throw invalid("port", text, form);
  const address = (groups["address"] ?? "127.0.0.1").replace(/^\[|\]$/g, "");
  return { address, hostPort, containerPort };
}

/** Reads a size such as `512m` or `2g` (powers of 1024, as Docker reads them) into bytes. OPTION_INVALID. */
export function parseMemory(text: string): number {
  const bytes = parseSize(text) ?? 0;
  if (bytes < 4 * 2 ** 20) throw invalid("memory", text, "BYTES[k|m|g], 4m or more");
  return bytes;
}

/** Reads a number of CPUs such as `0.5` or `2`. OPTION_INVALID. */
export function parseCpus(text: string): number {
  const cpus = /^\d+(\.\d+)?$|^\.\d+$/.test(text) ? Number(text) : 0;
  if (cpus < 0.01) throw invalid("cpus", text, "a number such as 0.5 or 2");
  return cpus;
}
