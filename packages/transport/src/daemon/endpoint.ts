import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { errnoOf } from "@cooper/sys";
import { z } from "zod";
import { dockerConfiguration } from "../credentials/auth-file.ts";
import { TransportError } from "../errors.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where a Docker engine is and how it is spoken to. */
export interface EngineEndpoint {
  /** As it was given: `unix://PATH` or `tcp://HOST:PORT`. */
  readonly address: string;
  /** What requests go to. */
  readonly origin: string;
  /** What a connection is made with. */
  readonly connect: {
    readonly socketPath?: string;
    readonly ca?: Buffer;
    readonly cert?: Buffer;
    readonly key?: Buffer;
    readonly rejectUnauthorized?: boolean;
  };
}

const DEFAULT_ADDRESS = "unix:///var/run/docker.sock";

/**
 * The engine that the `docker` command would speak to: `$DOCKER_HOST` (with `$DOCKER_TLS_VERIFY` or
 * `$DOCKER_TLS`, and the files in `$DOCKER_CERT_PATH`); or else the context that `$DOCKER_CONTEXT` or
 * Docker's configuration names; or else the engine of this machine.
 *
 * `UNSUPPORTED` for ssh and named pipes, `NOT_FOUND` for a context that is not there, `TLS` for files
 * that cannot be read.
 */
export function engineEndpoint(environment: Environment): EngineEndpoint {
  const host = environment["DOCKER_HOST"];
  const configuration = dirname(dockerConfiguration(environment).path);
  if (host) {
    const isVerified = Boolean(environment["DOCKER_TLS_VERIFY"]);
    const isTls = isVerified || Boolean(environment["DOCKER_TLS"]);
    const files = environment["DOCKER_CERT_PATH"] || configuration;
    return endpoint(host, isTls ? { ...readTls(files), rejectUnauthorized: isVerified } : undefined);
  }
  const context = environment["DOCKER_CONTEXT"] || currentContext(join(configuration, "config.json"));
  if (context === undefined || context === "default") return endpoint(DEFAULT_ADDRESS, undefined);
  return contextEndpoint(configuration, context);
}

type Tls = Omit<EngineEndpoint["connect"], "socketPath">;

function endpoint(address: string, tls: Tls | undefined): EngineEndpoint {
  const socketPath = /^unix:\/\/(.+)$/.exec(address)?.[1];
  if (socketPath !== undefined) return { address, origin: "http://engine", connect: { socketPath } };
  const [, scheme, at] = /^(tcp|https?):\/\/(.+)$/.exec(address) ?? [];
  if (at === undefined) {
    throw new TransportError("UNSUPPORTED", `cannot speak to a Docker engine at ${address}`, {
      kind: "usage",
      fields: { address },
      advice: "Set DOCKER_HOST to unix:///PATH or tcp://HOST:PORT (a tunnel's end, say).",
    });
  }
  const isTls = scheme === "https" || (scheme === "tcp" && tls !== undefined);
  return { address, origin: `${isTls ? "https" : "http"}://${at}`, connect: tls ?? {} };
}

const Configuration = z.object({ currentContext: z.string().optional() });

/** What `docker context use` chose. A configuration that cannot be read chose nothing. */
function currentContext(path: string): string | undefined {
  const text = readIfThere(path)?.toString();
  return text === undefined
    ? undefined
    : Configuration.safeParse(parse(text)).data?.currentContext || undefined;
}

const Context = z.object({
  Endpoints: z.object({
    docker: z.object({ Host: z.string().min(1), SkipTLSVerify: z.boolean().optional() }),
  }),
});

/** A context as `docker context create` keeps it: its files are named by the SHA-256 of its name. */
function contextEndpoint(configuration: string, name: string): EngineEndpoint {
  const id = createHash("sha256").update(name).digest("hex");
  const path = join(configuration, "contexts/meta", id, "meta.json");
  const text = readIfThere(path)?.toString();
  if (text === undefined) {
    throw new TransportError("NOT_FOUND", `there is no Docker context ${JSON.stringify(name)}`, {
      kind: "usage",
      fields: { context: name, path },
      advice: "See: docker context ls. DOCKER_HOST and DOCKER_CONTEXT=default do without one.",
    });
  }
  const parsed = Context.safeParse(parse(text));
  if (!parsed.success) {
    throw new TransportError("UNSUPPORTED", `the Docker context ${JSON.stringify(name)} names no engine`, {
      kind: "usage",
      fields: { context: name, path },
      advice: "Make it anew: docker context create.",
    });
  }
  const { Host: host, SkipTLSVerify: isUnverified = false } = parsed.data.Endpoints.docker;
  const tls = readTls(join(configuration, "contexts/tls", id, "docker"));
  const isTls = Object.keys(tls).length > 0 || isUnverified;
  return endpoint(host, isTls ? { ...tls, rejectUnauthorized: !isUnverified } : undefined);
}

/** Docker's names: whom to trust, and who asks. Each may be missing. */
function readTls(directory: string): Tls {
  const [ca, cert, key] = ["ca.pem", "cert.pem", "key.pem"].map((name) => readIfThere(join(directory, name)));
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
  };
}

function readIfThere(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch (cause) {
    if (/^(?:ENOENT|ENOTDIR)$/.test(errnoOf(cause) ?? "")) return undefined;
    throw new TransportError("TLS", `cannot read ${path}`, {
      cause,
      fields: { path },
      advice: "Make the file readable, or name another directory with DOCKER_CERT_PATH or DOCKER_CONFIG.",
    });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
