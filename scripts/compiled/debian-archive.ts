import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { makeDeb, tar } from "../../packages/distro/src/apt/package/deb.fixture.ts";
import {
  DAY,
  makeKey,
  write,
  writeRepository,
} from "../../packages/distro/src/apt/release/repository.fixture.ts";
import { SAMPLE_PACKAGES, type SamplePackage } from "./debian-packages.ts";

export interface DebianArchive {
  /** What `--repository` and `--keyring` are given. */
  readonly source: string;
  readonly keyring: string;
  readonly close: () => void;
}

/** A small signed archive of Debian's form, served from `directory` as a mirror serves one. */
export async function startDebianArchive(directory: string): Promise<DebianArchive> {
  const now = Math.floor(Date.now() / 1000);
  const keyring = join(directory, "keys");
  // Debian signs with keys of both kinds.
  const keys = [await makeKey({ created: now - DAY }), await makeKey({ created: now - DAY, type: "rsa" })];
  for (const [at, key] of keys.entries()) write(join(keyring, `${at}.asc`), key.public);
  const root = join(directory, "debian");
  const paragraphs: string[] = [];
  for (const each of SAMPLE_PACKAGES) {
    // oxlint-disable-next-line no-await-in-loop
    paragraphs.push(await writePackage(root, each));
  }
  const spans = { date: now - 60, signedAt: now - 60 };
  await writeRepository(root, { keys, suite: "bookworm", index: paragraphs.join("\n"), ...spans });
  const server = createServer((request, response) => {
    readFile(join(root, decodeURIComponent(request.url ?? ""))).then(
      (bytes) => response.end(bytes),
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve) => void server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port was given");
  return {
    source: `http://127.0.0.1:${address.port} bookworm main`,
    keyring,
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

/** Writes its file, and gives its paragraph of the index. */
async function writePackage(root: string, sample: SamplePackage): Promise<string> {
  const { name, version, control, data = [] } = sample;
  const architecture = sample.fields.includes("Architecture:") ? "" : "Architecture: amd64\n";
  const fields = `Package: ${name}\nVersion: ${version}\n${architecture}Maintainer: nobody\n${sample.fields}Description: ${name}\n`;
  const dataTar = storedXz(await tar(data));
  const bytes = await makeDeb({ fields, dataName: "data.tar.xz", dataTar, ...(control && { control }) });
  const path = `pool/main/${name}_${version.replace(/^\d+:/, "")}.deb`;
  write(join(root, path), bytes);
  const hex = createHash("sha256").update(bytes).digest("hex");
  return `${fields}Filename: ${path}\nSize: ${bytes.length}\nSHA256: ${hex}\n`;
}

/** xz that only stores: https://tukaani.org/xz/xz-file-format.txt */
function storedXz(content: Buffer): Buffer {
  const flags = Buffer.from([0, 0]); // no check
  const header = Buffer.concat([Buffer.from("\xfd7zXZ\0", "latin1"), withChecksum(flags)]);
  const chunks: Buffer[] = [];
  for (let at = 0; at < content.length; at += 2 ** 16) {
    const chunk = content.subarray(at, at + 2 ** 16);
    const start = Buffer.from([at === 0 ? 1 : 2, 0, 0]);
    start.writeUInt16BE(chunk.length - 1, 1);
    chunks.push(start, chunk);
  }
  const data = Buffer.concat([...chunks, Buffer.from([0])]);
  // Of 12 bytes; one filter, LZMA2, with a dictionary of 64 KiB.
  const blockHeader = withChecksum(Buffer.from([2, 0, 0x21, 1, 8, 0, 0, 0]));
  const sizes = [variable(blockHeader.length + data.length), variable(content.length)];
  const index = withChecksum(padded(Buffer.concat([Buffer.from([0, 1]), ...sizes])));
  const backward = Buffer.alloc(4);
  backward.writeUInt32LE(index.length / 4 - 1);
  const end = Buffer.concat([backward, flags]);
  const footer = Buffer.concat([checksumOf(end), end, Buffer.from("YZ")]);
  return Buffer.concat([header, blockHeader, padded(data), index, footer]);
}

function checksumOf(bytes: Buffer): Buffer {
  const checksum = Buffer.alloc(4);
  checksum.writeUInt32LE(crc32(bytes));
  return checksum;
}

function withChecksum(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, checksumOf(bytes)]);
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((4 - (bytes.length % 4)) % 4)]);
}

function variable(value: number): Buffer {
  const bytes: number[] = [];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return Buffer.from([...bytes, rest]);
    bytes.push((rest % 128) | 128);
  }
}
