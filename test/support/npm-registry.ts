import { createHash } from "node:crypto";
import type { TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { startPeer } from "./peer.ts";
import { rawMember, rawTar } from "./raw-tar.ts";

/** A registry of npm's form with one package, by hand. */
export interface NpmRegistry {
  readonly address: string;
  /** Every request so far. */
  readonly log: readonly string[];
  /** Adds a version whose command of the same name prints a line; it is the latest. */
  publish(version: string, line: string): void;
}

export async function startNpmRegistry(t: TestContext, name: string): Promise<NpmRegistry> {
  const tarballs = new Map<string, Buffer>();
  const { url, log } = await startPeer(t, ({ path, headers }, response) => {
    const [, version] = /-([^-]+)\.tgz$/.exec(path) ?? [];
    const tarball = version === undefined ? undefined : tarballs.get(version);
    if (tarball !== undefined) return response.end(tarball);
    if (path !== `/${name}`) return response.writeHead(404).end("{}");
    const address = `http://${headers.host}/${name}/-`;
    response.setHeader("content-type", "application/json");
    return response.end(JSON.stringify(packumentOf(name, tarballs, address)));
  });
  return {
    address: `${url}/`,
    log,
    publish: (version, line) => {
      const members = {
        "package/package.json": JSON.stringify({ name, version, bin: { [name]: "cli.js" } }),
        "package/cli.js": `#!/bin/sh\necho ${line}\n`,
      };
      tarballs.set(
        version,
        gzipSync(rawTar(...Object.entries(members).map(([path, text]) => rawMember({ name: path }, text)))),
      );
    },
  };
}

function packumentOf(name: string, tarballs: ReadonlyMap<string, Buffer>, address: string): unknown {
  const versions = [...tarballs].map(([version, bytes]) => {
    const integrity = `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
    const dist = { tarball: `${address}/${name}-${version}.tgz`, integrity };
    return [version, { name, version, bin: { [name]: "cli.js" }, dist }] as const;
  });
  return { name, "dist-tags": { latest: versions.at(-1)?.[0] }, versions: Object.fromEntries(versions) };
}
