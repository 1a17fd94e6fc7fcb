import { createCipheriv, createHash } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { encodeHeader, encodeTrailer, paddingOf } from "@cooper/archive";

const LAYER_BYTES = 125_000_000;

/**
 * An image in a layout, made once: layers of 125 MB that nothing can compress, so that its size on
 * the wire is `megabytes`. The layers say that they are gzip and are.
 */
export function randomImage(
  cache: string,
  megabytes: number,
): { readonly path: string; readonly bytes: number } {
  const count = Math.max(1, Math.round((megabytes * 1e6) / LAYER_BYTES));
  const path = join(cache, `random-${count}`);
  if (!existsSync(path)) {
    const half = `${path}.half`;
    rmSync(half, { recursive: true, force: true });
    fill(half, count);
    renameSync(half, path);
  }
  return { path, bytes: count * LAYER_BYTES };
}

interface Described {
  readonly mediaType: string;
  readonly digest: string;
  readonly size: number;
}

function fill(layout: string, count: number): void {
  const blobs = join(layout, "blobs/sha256");
  mkdirSync(blobs, { recursive: true });
  const put = (mediaType: string, bytes: Uint8Array): Described => {
    const hex = createHash("sha256").update(bytes).digest("hex");
    writeFileSync(join(blobs, hex), bytes);
    return { mediaType, digest: `sha256:${hex}`, size: bytes.byteLength };
  };
  const putJson = (mediaType: string, value: object): Described =>
    put(mediaType, Buffer.from(JSON.stringify(value)));

  const diffIds: string[] = [];
  const layers: Described[] = [];
  for (let index = 0; index < count; index++) {
    const tar = oneFileTar(index);
    diffIds.push(`sha256:${createHash("sha256").update(tar).digest("hex")}`);
    layers.push(put("application/vnd.oci.image.layer.v1.tar+gzip", gzipSync(tar, { level: 1 })));
  }
  const config = putJson("application/vnd.oci.image.config.v1+json", {
    architecture: "amd64",
    os: "linux",
    config: {},
    rootfs: { type: "layers", diff_ids: diffIds },
  });
  const mediaType = "application/vnd.oci.image.manifest.v1+json";
  const manifest = putJson(mediaType, { schemaVersion: 2, mediaType, config, layers });
  const annotations = { "org.opencontainers.image.ref.name": "bench" };
  const index = { schemaVersion: 2, manifests: [{ ...manifest, annotations }] };
  writeFileSync(join(layout, "index.json"), JSON.stringify(index));
  writeFileSync(join(layout, "oci-layout"), JSON.stringify({ imageLayoutVersion: "1.0.0" }));
}

/** One file of bytes that look random and are always the same: the key stream of AES. */
function oneFileTar(index: number): Buffer {
  const cipher = createCipheriv("aes-128-ctr", Buffer.alloc(16, index), Buffer.alloc(16));
  const content = cipher.update(Buffer.alloc(LAYER_BYTES));
  const header = encodeHeader({ path: `random-${index}`, type: "file", mode: 0o644, size: LAYER_BYTES });
  const padding = Buffer.alloc(paddingOf(LAYER_BYTES));
  return Buffer.concat([header, content, padding, encodeTrailer()]);
}
