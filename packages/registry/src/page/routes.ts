import type { IncomingMessage, ServerResponse } from "node:http";
import type { Action } from "../auth/authorize.ts";
import { methodNotAllowed } from "../call.ts";
import type { Build } from "../demand/builds.ts";
import type { Demand } from "../demand/demand.ts";
import { RegistryError } from "../errors.ts";
import { answer, answerJson } from "../http/answer.ts";
import type { Client } from "../http/client.ts";
import type { Storage } from "../storage/storage.ts";
import { imageBlobs } from "../storage/image-blobs.ts";
import { streamBuild } from "./build-events.ts";
import { answerBuildPage, answerBuildsPage, logText } from "./builds-page.ts";
import { answerHome } from "./home.ts";
import type { Home, Shown } from "./home.ts";

/** A request for what is beside the distribution API. */
export interface PageCall {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly path: string;
  readonly storage: Storage;
  readonly demand: Demand;
  readonly client: Client;
  /** How clients reach the registry, where that is known otherwise than by what they say. */
  readonly publicUrl: string | undefined;
  /** Who counts as one. */
  readonly visitor: () => string;
  /** "nobody": everyone may do everything, and nobody proves who they are. */
  readonly asks: "everybody" | "nobody";
  require(action: Action, repository: string | undefined): Promise<void>;
}

const BUILDS = "/_cooper/builds";
const BUILD = /^\/_cooper\/builds\/([0-9a-f-]{36})(\/log)?$/;
const HOST = /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/;

/** Whether a path is the page's, or of what stands under `/_cooper/`. */
export function isPagePath(path: string): boolean {
  return path === "/" || path === BUILDS || BUILD.test(path);
}

/** `/`: the page. `/_cooper/builds`: what is being made. `/_cooper/builds/<id>`: one of them, and `/log`. */
export async function servePage(call: PageCall): Promise<void> {
  const { method, path, demand, response } = call;
  const [, id, log] = BUILD.exec(path) ?? [];
  if (method === "DELETE" && id !== undefined && log === undefined) {
    await stopBuild(call, requireBuild(demand, id));
    return;
  }
  if (method !== "GET" && method !== "HEAD") {
    throw methodNotAllowed(call, id === undefined ? "GET, HEAD" : "GET, HEAD, DELETE");
  }
  if (path === "/") return await serveHome(call);
  await call.require("list", undefined);
  if (id === undefined) {
    const builds = demand.builds.all();
    if (wants(call, "text/html")) answerBuildsPage(response, builds);
    else answerJson(response, 200, NO_STORE, { builds: builds.map((build) => build.status()) });
    return;
  }
  const build = requireBuild(demand, id);
  if (log !== undefined) answer(response, 200, TEXT, logText(build));
  else if (method === "GET" && wants(call, "text/event-stream")) streamBuild(response, build);
  else if (wants(call, "text/html")) answerBuildPage(response, build);
  else answerJson(response, 200, NO_STORE, { ...build.status(), log: build.log });
}

const NO_STORE = { "Cache-Control": "no-store" };
const TEXT = {
  ...NO_STORE,
  "Content-Type": "text/plain; charset=utf-8",
  "X-Content-Type-Options": "nosniff",
};

async function serveHome(call: PageCall): Promise<void> {
  const { demand, response } = call;
  const mayList = await allows(call, "list");
  const home: Home = {
    ...addressOf(call),
    makers: demand.makers,
    made: mayList ? await madeLately(call) : undefined,
    builds: mayList ? demand.builds.all().filter(({ hasEnded }) => !hasEnded) : undefined,
  };
  answerHome(response, home);
}

async function madeLately({ demand, storage }: PageCall): Promise<readonly Shown[]> {
  const made = await demand.ledger.latest();
  return await Promise.all(
    made.map(async (image) => {
      const blobs = await imageBlobs(storage, image.repository, image.digest);
      return { ...image, size: [...blobs.values()].reduce((sum, size) => sum + size, 0) };
    }),
  );
}

/** A build may be stopped by who may delete what it makes; where nobody is asked, by who asked for it, and from this machine. */
async function stopBuild(call: PageCall, build: Build): Promise<void> {
  const { demand, response, asks, client } = call;
  const { name } = build.status();
  await call.require("delete", name.slice(0, name.lastIndexOf(":")));
  const isOwn = build.visitor === call.visitor();
  const isLocal = client.address === "::1" || client.address.startsWith("127.");
  if (asks === "nobody" && !isOwn && !isLocal) {
    throw new RegistryError("DENIED", "only who asked for a build first may stop it");
  }
  if (!demand.stop(build)) throw new RegistryError("UNSUPPORTED", "it has ended", { status: 409 });
  answer(response, 202, NO_STORE);
}

function requireBuild(demand: Demand, id: string): Build {
  const build = demand.builds.get(id);
  if (build !== undefined) return build;
  throw new RegistryError("NAME_UNKNOWN", `there is no build ${id}; those that ended long ago are forgotten`);
}

async function allows(call: PageCall, action: Action): Promise<boolean> {
  try {
    await call.require(action, undefined);
    return true;
  } catch (error) {
    if (error instanceof RegistryError && (error.status === 401 || error.status === 403)) return false;
    throw error;
  }
}

/** Browsers name HTML first; programs name JSON, or nothing. */
function wants({ request }: PageCall, type: string): boolean {
  return (request.headers.accept ?? "").split(",").some((range) => range.trim().split(";")[0] === type);
}

/** What a visitor calls the registry is only shown to this visitor, and only if it can be a host. */
function addressOf({ request, client, publicUrl }: PageCall): Pick<Home, "host" | "scheme"> {
  if (publicUrl !== undefined) {
    const { host, protocol } = new URL(publicUrl);
    return { host, scheme: protocol === "https:" ? "https" : "http" };
  }
  const said = request.headers.host ?? "";
  return { host: HOST.test(said) ? said : "HOST", scheme: client.scheme };
}
