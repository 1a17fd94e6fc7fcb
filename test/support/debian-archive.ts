import { createHash } from "node:crypto";
import type { TestContext } from "node:test";
import { gzipSync } from "node:zlib";
import { startPeer } from "./peer.ts";
import { rawMember, rawTar } from "./raw-tar.ts";

/** An archive of Debian's form that nobody signed, byte by byte: shares no code with what reads it. */
export interface DebianArchive {
  /** What `--repository` is given. */
  readonly source: string;
  /** Every request so far: `GET /debian/Release`. */
  readonly log: readonly string[];
  /** Adds a version of a package that has one file, `/usr/share/NAME`. */
  publish(name: string, version: string, text: string): void;
  /** Removes a version's file, and it from the index, as archives do when there is a newer one. */
  withdraw(name: string, version: string): void;
}

export async function startDebianArchive(t: TestContext): Promise<DebianArchive> {
  const packages = new Map<string, Buffer>();
  const { url, log } = await startPeer(t, ({ path }, response) => {
    const body = filesOf(packages).get(path.replace(/^\/debian\//, ""));
    if (body === undefined) response.writeHead(404).end();
    else response.end(body);
  });
  return {
    source: `${url}/debian ./`,
    log,
    publish: (name, version, text) => packages.set(`${name}_${version}`, makeDeb(name, version, text)),
    withdraw: (name, version) => packages.delete(`${name}_${version}`),
  };
}

/** https://wiki.debian.org/DebianRepository/Format, "Flat Repository Format" */
function filesOf(packages: ReadonlyMap<string, Buffer>): ReadonlyMap<string, Buffer> {
  const paragraphs = [...packages].map(([id, bytes]) => {
    const [name = "", version = ""] = id.split("_");
    const place = `Filename: ./${id}_all.deb\nSize: ${bytes.length}\nSHA256: ${sha256(bytes)}\n`;
    return `${controlOf(name, version)}${place}\n`;
  });
  const index = Buffer.from(paragraphs.join(""));
  const release = `Suite: test\nArchitectures: amd64 all\nSHA256:\n ${sha256(index)} ${index.length} Packages\n`;
  return new Map([
    ["./Release", Buffer.from(release)],
    ["./Packages", index],
    ["Release", Buffer.from(release)],
    ["Packages", index],
    ...[...packages].map(([id, bytes]) => [`${id}_all.deb`, bytes] as const),
  ]);
}

function controlOf(name: string, version: string): string {
  return `Package: ${name}\nVersion: ${version}\nArchitecture: all\nMaintainer: nobody\nDescription: ${name}\n`;
}

/** deb(5) */
function makeDeb(name: string, version: string, text: string): Buffer {
  const data = rawTar(
    ...["./usr/", "./usr/share/"].map((path) => rawMember({ name: path, type: "5", mode: 0o755 })),
    rawMember({ name: `./usr/share/${name}` }, text),
  );
  const control = rawTar(rawMember({ name: "./control" }, controlOf(name, version)));
  const members: readonly (readonly [string, Buffer])[] = [
    ["debian-binary", Buffer.from("2.0\n")],
    ["control.tar.gz", gzipSync(control)],
    ["data.tar.gz", gzipSync(data)],
  ];
  return Buffer.concat([
    Buffer.from("!<arch>\n"),
    ...members.map(([member, bytes]) => arMember(member, bytes)),
  ]);
}

function arMember(name: string, bytes: Buffer): Buffer {
  const header = `${name.padEnd(16)}${"0".padEnd(12)}0     0     100644  ${String(bytes.length).padEnd(10)}\`\n`;
  return Buffer.concat([Buffer.from(header), bytes, Buffer.from(bytes.length % 2 === 1 ? "\n" : "")]);
}

function sha256(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
