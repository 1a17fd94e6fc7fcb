import { createHash } from "node:crypto";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import { collect, gzip, type TarInput, writeTar } from "@cooper/archive";

/** A version of a package, as a registry keeps it. */
export interface Published {
  readonly name: string;
  readonly version: string;
  /** What package.json has besides, and the registry's index alike. */
  readonly manifest?: Readonly<Record<string, unknown>> | undefined;
  /** Besides package.json; paths as they are to stand in the tarball. */
  readonly members?: readonly TarInput[] | undefined;
  /** The tarball as it is, in place of the members. */
  readonly tarball?: Buffer | undefined;
  /** Of the tarball that is really sent. */
  readonly tamper?: ((tarball: Buffer) => Buffer) | undefined;
  /** Instead of `latest`. */
  readonly tag?: string | undefined;
}

export interface TestRegistry {
  /** Ends with a slash. */
  readonly address: string;
  /** What was asked for, in order. */
  readonly requests: string[];
  publish(...packages: readonly Published[]): Promise<void>;
}

export interface TestRegistryOptions {
  /** Who may ask; default everybody. */
  readonly token?: string | undefined;
  /** What it answers for its keys; default: it has none. */
  readonly keys?: (() => unknown) | undefined;
  /** Signs a version: what npm signs is `name@version:integrity`. */
  readonly sign?: ((message: string) => readonly { keyid: string; sig: string }[]) | undefined;
  /** When a version was published; RFC 3339. */
  readonly time?: string | undefined;
}

/** A registry of the test's own, with the packages of the test's own. */
export async function startRegistry(
  t: TestContext,
  { token, keys, sign, time }: TestRegistryOptions = {},
): Promise<TestRegistry> {
  const documents = new Map<string, Document>();
  const tarballs = new Map<string, Buffer>();
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const path = decodeURIComponent(request.url ?? "").slice(1);
    requests.push(path);
    const [, name = "", version = ""] = /^(.+)\/([^/]+)$/.exec(path) ?? [];
    const document =
      path === "-/npm/v1/keys" ? keys?.() : (documents.get(path) ?? documents.get(name)?.versions[version]);
    const body = document === undefined ? tarballs.get(path) : JSON.stringify(document);
    if (!isAllowed(request, token)) response.writeHead(401).end("{}");
    else if (body === undefined) response.writeHead(404, { "content-type": "application/json" }).end("{}");
    else response.writeHead(200, { "content-type": "application/json" }).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a server on TCP has one
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  return {
    address,
    requests,
    publish: async (...packages) => {
      for (const one of packages) {
        // oxlint-disable-next-line no-await-in-loop -- in order: the last one is the latest
        const tarball = await tarballOf(one);
        const path = `${one.name}/-/${one.name.split("/").at(-1) ?? ""}-${one.version}.tgz`;
        const before = documents.get(one.name) ?? { name: one.name, "dist-tags": {}, time: {}, versions: {} };
        const integrity = `sha512-${createHash("sha512").update(tarball).digest("base64")}`;
        const signatures = sign?.(`${one.name}@${one.version}:${integrity}`);
        const dist = { tarball: `${address}${path}`, integrity, signatures };
        documents.set(one.name, {
          ...before,
          "dist-tags": { ...before["dist-tags"], [one.tag ?? "latest"]: one.version },
          time: { ...before.time, [one.version]: time ?? "2020-01-01T00:00:00.000Z" },
          versions: { ...before.versions, [one.version]: { ...manifestOf(one), dist } },
        });
        tarballs.set(path, one.tamper?.(tarball) ?? tarball);
      }
    },
  };
}

/** A file of a package, by its path in the tarball. */
export function file(path: string, text: string, mode: number = 0o644): TarInput {
  return {
    path,
    type: "file",
    mode,
    bytes: Buffer.from(text),
    mtime: { seconds: 499_162_500, nanoseconds: 0 },
  };
}

interface Document {
  readonly name: string;
  readonly "dist-tags": Readonly<Record<string, string>>;
  readonly time: Readonly<Record<string, string>>;
  readonly versions: Readonly<Record<string, unknown>>;
}

function isAllowed(request: IncomingMessage, token: string | undefined): boolean {
  return token === undefined || request.headers.authorization === `Bearer ${token}`;
}

function manifestOf({ name, version, manifest = {} }: Published): Readonly<Record<string, unknown>> {
  return { name, version, ...manifest };
}

async function tarballOf(published: Published): Promise<Buffer> {
  if (published.tarball !== undefined) return published.tarball;
  const members = published.members ?? [];
  const hasOwn = members.some(({ path }) => path === "package/package.json");
  const manifest = hasOwn ? [] : [file("package/package.json", JSON.stringify(manifestOf(published)))];
  return await collect(gzip(writeTar([...manifest, ...members])), { limit: 2 ** 30 });
}
