import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { type NixWorld, temporaryDirectory } from "@cooper/test";
import type { DistroEvent } from "../ecosystem/event.ts";
import { type ContextOptions, type OpenContext, openContext } from "../ecosystem/open-context.ts";

export interface Bench {
  readonly context: OpenContext;
  readonly events: DistroEvent[];
  /** What was warned of. */
  warnings(): readonly string[];
}

/** A context with an empty cache that trusts the world's key and looks attributes up in the world's packages. */
export async function bench(t: TestContext, world: NixWorld, options: ContextOptions = {}): Promise<Bench> {
  const events: DistroEvent[] = [];
  const keyring = join(temporaryDirectory(t), "trusted");
  writeFileSync(keyring, `${world.publicKey} # the test's own\n`);
  const context = await openContext({
    environment: { ...world.environment, COOPER_NIX_NIXPKGS: world.nixpkgs },
    hostRoot: temporaryDirectory(t),
    cache: { directory: join(temporaryDirectory(t), "cache") },
    keyrings: [keyring],
    onEvent: (event) => events.push(event),
    ...options,
  });
  t.after(async () => await context.close());
  return {
    context,
    events,
    warnings: () => events.flatMap((event) => (event.type === "warning" ? [event.message] : [])),
  };
}

export interface Served {
  readonly address: string;
  /** The paths that were asked for. */
  readonly asked: string[];
}

/** Serves a directory over HTTP; `change` may give another body for a path, or another status. */
export async function serve(
  t: TestContext,
  directory: string,
  change: (path: string, body: Buffer | undefined) => Buffer | number | undefined = (_, body) => body,
): Promise<Served> {
  const asked: string[] = [];
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://host").pathname);
    asked.push(path);
    const file = join(directory, path);
    const body = change(path, existsSync(file) && statSync(file).isFile() ? readFileSync(file) : undefined);
    if (body === undefined || typeof body === "number") response.writeHead(body ?? 404).end();
    else response.writeHead(200, { "content-length": body.length }).end(body);
  };
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(async () => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server on a port has such an address
  const { port } = server.address() as AddressInfo;
  return { address: `http://127.0.0.1:${port}`, asked };
}

/** The code of what a promise is rejected with. */
export async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "done";
  } catch (error) {
    return error instanceof Error && "code" in error
      ? `${String(error.code)}: ${error.message}`
      : String(error);
  }
}
