import { createCipheriv, createHash } from "node:crypto";
import { type ByteStream, GZIP_WRITER_VERSION, TAR_WRITER_VERSION, writeTar } from "@cooper/archive";
import { type Layer, makeImage, makeIndex, type MakerReference, makeLayer } from "@cooper/oci";
import { type Scheme, TransportError } from "@cooper/transport";

const DEFAULT = { count: 1, size: 10_000_000 } as const;
const MAX_LAYERS = 99;
const MAX_BYTES = 10_000_000_000;
const UNITS: Readonly<Record<string, number>> = { "": 1, k: 1e3, m: 1e6, g: 1e9 };
const CHUNK = 1024 * 1024;
/** It cannot be made smaller. */
const LEVEL = 1;

/**
 * `random:SEED:NxSIZE`: N layers of SIZE bytes each that nothing can compress, `random:x:3x10M`; to
 * try out registries and networks. The same seed gives the same bytes. Without NxSIZE, 1x10M.
 */
export const randomScheme: Scheme<MakerReference> = {
  name: "random",
  open: async ({ rest }) => {
    const { seed, count, size } = parse(rest);
    const layers = Array.from({ length: count }, (_, at) => randomLayer(`${seed} ${at}`, size));
    const images = ["amd64", "arm64"].map((architecture) =>
      makeImage({ config: { os: "linux", architecture }, layers }),
    );
    return {
      content: makeIndex({ manifests: images }),
      inputs: `random ${TAR_WRITER_VERSION} ${GZIP_WRITER_VERSION} ${seed} ${count} ${size}`,
    };
  },
};

function randomLayer(seed: string, size: number): Layer {
  const file = { path: "random", type: "file", mode: 0o644, size } as const;
  return makeLayer({
    tar: (options) => writeTar([{ ...file, content: () => randomBytes(seed, size) }], options),
    level: LEVEL,
  });
}

/** A stream cipher over zeros: fast, and the same everywhere. */
async function* randomBytes(seed: string, size: number): ByteStream {
  const key = createHash("sha256").update(seed).digest();
  const cipher = createCipheriv("aes-256-ctr", key, Buffer.alloc(16));
  const zeros = Buffer.alloc(CHUNK);
  for (let left = size; left > 0; left -= CHUNK) {
    yield cipher.update(left < CHUNK ? zeros.subarray(0, left) : zeros);
  }
}

function parse(rest: string): { readonly seed: string; readonly count: number; readonly size: number } {
  const [seed = "", shape, ...more] = rest.split(":");
  const [, count, size, unit = ""] = /^(\d{1,2})x(\d{1,11})([kmg]?)$/i.exec(shape ?? "") ?? [];
  const isShape = shape === undefined || (count !== undefined && size !== undefined);
  if (seed === "" || !isShape || more.length > 0) throw invalid(rest, "it is not SEED:NxSIZE");
  if (count === undefined || size === undefined) return { seed, ...DEFAULT };
  const layer = Number(size) * (UNITS[unit.toLowerCase()] ?? 1);
  if (Number(count) > MAX_LAYERS || Number(count) * layer > MAX_BYTES) {
    throw invalid(rest, `it has more than ${MAX_BYTES} bytes`);
  }
  return { seed, count: Number(count), size: layer };
}

function invalid(rest: string, why: string): TransportError {
  return new TransportError("INVALID_OPTIONS", `random:${rest} cannot be made: ${why}`, {
    kind: "usage",
    advice: "Write random:x:3x10M for three layers of 10 MB; k, M and G are powers of 1000.",
  });
}
