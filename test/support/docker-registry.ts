import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { temporaryDirectory } from "./directory.ts";
import { requireProgram } from "./program.ts";

/** The account that a registry with `auth: "basic"` knows: a colon, a space and a letter beyond ASCII. */
export const REGISTRY_ACCOUNT: { readonly username: string; readonly password: string } = {
  username: "cooper",
  password: "pa:ss wörd",
};
const HTPASSWD = "cooper:$2b$05$CCCCCCCCCCCCCCCCCCCCC.3kXaV5F5cktZJb5wqcijURGMVIYLq1e\n";

export interface DockerRegistryOptions {
  /** Default: anyone may do anything. `basic`: REGISTRY_ACCOUNT. An object: a token server of the test's own. */
  readonly auth?:
    | "none"
    | "basic"
    | {
        readonly realm: string;
        readonly service: string;
        readonly issuer: string;
        /** Path of the PEM certificate that tokens are signed with. */
        readonly rootcertbundle: string;
      };
  /** Paths of PEM files; without them it speaks plain HTTP. */
  readonly tls?: { readonly certificate: string; readonly key: string };
  /** `127.0.0.1:PORT`; default: a port that is free. */
  readonly host?: string;
  /** Where it keeps its data; default: a directory that is removed when the test ends. */
  readonly directory?: string;
}

export interface DockerRegistry {
  /** `127.0.0.1:PORT`, as it stands in a reference. */
  readonly host: string;
  /** `http://127.0.0.1:PORT` or https. */
  readonly url: string;
  /** Its storage; blobs are under `docker/registry/v2/blobs`. */
  readonly directory: string;
  /** What it has logged so far: an access log among other things. */
  log(): string;
  stop(): Promise<void>;
}

/**
 * Starts Debian's docker-registry (distribution 2.8) on a free port, deletes allowed, and stops it
 * when the test ends. A loud skip and `undefined` where the program is missing.
 */
export async function startDockerRegistry(
  t: TestContext,
  options: DockerRegistryOptions = {},
): Promise<DockerRegistry | undefined> {
  const program = requireProgram(t, "docker-registry");
  if (program === undefined) return undefined;
  const scratch = temporaryDirectory(t);
  const directory = options.directory ?? join(scratch, "data");
  // Port 0: the kernel chooses, and the log tells which one it was.
  const wanted = options.host ?? "127.0.0.1:0";
  const configuration = {
    version: "0.1",
    log: { accesslog: { disabled: false }, level: "info" },
    storage: {
      filesystem: { rootdirectory: directory },
      delete: { enabled: true },
      maintenance: { uploadpurging: { enabled: false } },
    },
    http: {
      addr: wanted,
      secret: "the same for every start, so that an upload survives one",
      ...(options.tls === undefined
        ? {}
        : { tls: { certificate: options.tls.certificate, key: options.tls.key } }),
    },
    ...authSection(options.auth ?? "none", scratch),
  };
  const file = join(scratch, "config.yml");
  writeFileSync(file, JSON.stringify(configuration)); // JSON is YAML

  const child = spawn(program, ["serve", file], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, OTEL_TRACES_EXPORTER: "none" },
  });
  let log = "";
  child.stdout.on("data", (chunk: Buffer) => (log += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString()));
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
    child.once("error", (error) => {
      log += String(error);
      resolve();
    });
  });
  const stop = async (): Promise<void> => {
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), 3000);
    await ended;
    clearTimeout(timer);
  };
  t.after(stop);

  const listening = (): string | undefined => /listening on (127\.0\.0\.1:\d+)/.exec(log)?.[1];
  let host = listening();
  for (let tries = 0; host === undefined; tries++) {
    if (child.exitCode !== null || tries > 400) throw new Error(`docker-registry did not start:\n${log}`);
    await pause(25);
    host = listening();
  }
  return {
    host,
    url: `${options.tls === undefined ? "http" : "https"}://${host}`,
    directory,
    log: () => log,
    stop,
  };
}

function authSection(auth: NonNullable<DockerRegistryOptions["auth"]>, scratch: string): object {
  if (auth === "none") return {};
  if (auth !== "basic") return { auth: { token: auth } };
  const path = join(scratch, "htpasswd");
  writeFileSync(path, HTPASSWD);
  return { auth: { htpasswd: { realm: "cooper test", path } } };
}
