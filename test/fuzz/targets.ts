import { gzipSync, zstdCompressSync } from "node:zlib";
import { type ByteStream, collect, decompress, fromBytes, readTar, writeTar } from "@cooper/archive";
import { AptIndexFile, parseDebianRelease, parseNarinfo, readNar } from "@cooper/distro";
import {
  formatReference,
  parseConfig,
  parseDigest,
  parseIndex,
  parseManifest,
  parsePlatform,
  parseReference,
} from "@cooper/oci";
import { PACKAGES, RELEASE } from "./debian.ts";
import type { Random } from "./random.ts";

export interface FuzzTarget {
  readonly name: string;
  make(random: Random): Uint8Array;
  parse(input: Uint8Array): Promise<void>;
}

const TEXT = Buffer.from("cooper makes containers, and takes them apart again. ".repeat(40));
const TAR = await collect(
  writeTar([
    { path: "etc", type: "directory" },
    { path: "etc/passwd", type: "file", bytes: TEXT, mtime: { seconds: 5, nanoseconds: 7 } },
    { path: `long/${"n".repeat(300)}`, type: "file", bytes: TEXT.subarray(0, 700) },
    { path: "link", type: "symlink", linkPath: "etc/passwd" },
    { path: "hard", type: "hardlink", linkPath: "etc/passwd" },
    { path: "x", type: "file", xattrs: new Map([["security.capability", Buffer.from([0, 10, 255])]]) },
  ]),
  { limit: 2 ** 20 },
);
const GZIP = Buffer.concat([gzipSync(TEXT), gzipSync(TEXT)]);
const ZSTD = Buffer.concat([zstdCompressSync(TEXT), zstdCompressSync(TEXT)]);
const DIGEST = `sha256:${"a1".repeat(32)}`;
const DESCRIPTOR = { mediaType: "application/vnd.oci.image.layer.v1.tar+gzip", digest: DIGEST, size: 3 };
const MANIFEST = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    config: { ...DESCRIPTOR, mediaType: "application/vnd.oci.image.config.v1+json", data: "e30=" },
    layers: [DESCRIPTOR, { ...DESCRIPTOR, urls: ["https://example.test/"], annotations: { a: "b" } }],
    subject: DESCRIPTOR,
  }),
);
const INDEX = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: "application/vnd.oci.image.index.v1+json",
    manifests: [{ ...DESCRIPTOR, platform: { os: "linux", architecture: "arm", variant: "v7" } }],
  }),
);
const CONFIG = Buffer.from(
  JSON.stringify({
    os: "linux",
    architecture: "amd64",
    config: { Env: ["A=b"], ExposedPorts: { "80/tcp": {} }, Labels: null },
    rootfs: { type: "layers", diff_ids: [DIGEST] },
    history: [{ created: "1970-01-01T00:00:00Z", empty_layer: true }],
  }),
);
/** Nix's archive of a directory with a file, a program and a link: words of a length and zeros up to 8. */
const NAR = Buffer.concat(
  "nix-archive-1|(|type|directory|entry|(|name|a|node|(|type|regular|contents|text|)|)|entry|(|name|b|node|(|type|regular|executable||contents|program|)|)|entry|(|name|c|node|(|type|symlink|target|../a|)|)|)"
    .split("|")
    .map((word) => {
      const bytes = Buffer.alloc(8 + Math.ceil(word.length / 8) * 8);
      bytes.writeUInt32LE(word.length);
      bytes.write(word, 8);
      return bytes;
    }),
);
const NARINFO = Buffer.from(`StorePath: /nix/store/${"a".repeat(32)}-a-1
URL: nar/a.nar.xz
NarHash: sha256:${"a1".repeat(32)}
NarSize: 20
References: ${"b".repeat(32)}-b-2 ${"a".repeat(32)}-a-1
Sig: key-1:${"A".repeat(86)}==
`);
const REFERENCES = [
  "docker://registry.test:5000/a/b-c/d__e:tag.1@" + DIGEST,
  "alpine:3",
  "oci:./out:v1@" + DIGEST,
  "oci-archive:/tmp/a.tar:x",
  "docker-archive:b.tar",
  "flatten:estargz:docker://redis",
  "apt:curl=7.88.1-10+deb12u8/jq:bookworm",
  "store:name:tag",
];

/** The bytes in chunks of chance, since where a chunk ends must not matter. */
function chunked(input: Uint8Array): ByteStream {
  const chunks: Uint8Array[] = [];
  for (let at = 0, length = 1; at < input.length; at += length, length = (length * 7 + 1) % 977) {
    chunks.push(input.subarray(at, at + length));
  }
  return fromBytes(...chunks);
}

async function drain(stream: ByteStream): Promise<void> {
  for await (const chunk of stream) if (chunk.length > 2 ** 30) throw new Error("a chunk of a gigabyte");
}

const LIMITS = { maxBytes: 64 * 2 ** 20, maxRatio: 2000, ratioFloor: 2 ** 20 };

function documents(name: string, sample: Uint8Array, parse: (raw: Uint8Array) => unknown): FuzzTarget {
  return {
    name,
    make: (random) => random.damage(sample),
    parse: async (input) => void parse(input),
  };
}

function texts(name: string, samples: readonly string[], parse: (text: string) => unknown): FuzzTarget {
  return {
    name,
    make: (random) => random.damage(Buffer.from(random.pick(samples))),
    parse: async (input) => void parse(Buffer.from(input).toString("utf8")),
  };
}

function streams(name: string, sample: Uint8Array): FuzzTarget {
  return {
    name,
    make: (random) => (random.below(8) === 0 ? random.bytes(random.below(600)) : random.damage(sample)),
    parse: (input) => drain(decompress(chunked(input), { limits: LIMITS })),
  };
}

export const TARGETS: readonly FuzzTarget[] = [
  {
    name: "tar",
    make: (random) => random.damage(TAR),
    async parse(input) {
      for await (const member of readTar(chunked(input), { limits: LIMITS })) await drain(member.content());
    },
  },
  {
    name: "nar",
    make: (random) => random.damage(NAR),
    async parse(input) {
      const options = { subject: "a", size: input.length };
      for await (const entry of readNar(chunked(input), options)) await drain(entry.content());
    },
  },
  documents("narinfo", NARINFO, (raw) => parseNarinfo(Buffer.from(raw).toString("utf8"), "a")),
  documents("apt-index", Buffer.from(PACKAGES), (raw) => {
    const index = AptIndexFile.parse(Buffer.from(raw));
    for (let number = 0; number < index.packages; number++) index.package(number);
  }),
  documents("apt-release", Buffer.from(RELEASE), (raw) =>
    parseDebianRelease(Buffer.from(raw).toString("utf8")),
  ),
  streams("gzip", GZIP),
  streams("zstd", ZSTD),
  documents("manifest", MANIFEST, parseManifest),
  documents("index", INDEX, parseIndex),
  documents("config", CONFIG, parseConfig),
  texts("digest", [DIGEST, `sha512:${"b2".repeat(64)}`, "other+x:abc="], parseDigest),
  texts("platform", ["linux/arm64/v8", "linux/amd64", "windows/amd64:10.0.17763"], parsePlatform),
  texts("reference", REFERENCES, (text) => {
    const reference = parseReference(text);
    const again = formatReference(parseReference(formatReference(reference)));
    if (again !== formatReference(reference)) throw new Error(`${text} is not stable: ${again}`);
  }),
];
