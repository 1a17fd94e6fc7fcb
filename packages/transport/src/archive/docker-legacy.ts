import { tally } from "@cooper/archive";
import type { Cancellable } from "@cooper/archive";
import { MAX_CONFIG_BYTES, parseJson, serializeJson } from "@cooper/oci";
import { TransportError } from "../errors.ts";
import { isRecord } from "../layout/index-file.ts";
import { type AssembledImage, assemble } from "./docker-image.ts";
import type { TarFiles } from "./tar-files.ts";

/** An image of an archive older than Docker 1.10: a chain of layers, each with its own config. */
export interface LegacyImage {
  readonly tag: string;
  /** The uppermost layer's id. */
  readonly id: string;
}

/** What `repositories` lists; undefined where there is none (moby, image/spec/v1.md). */
export async function readRepositories(tar: TarFiles): Promise<readonly LegacyImage[] | undefined> {
  const raw = await tar.read("repositories", MAX_CONFIG_BYTES);
  if (raw === undefined) return undefined;
  const json = parseJson(raw, "repositories");
  if (!isRecord(json)) throw broken(tar.name, "repositories is not an object");
  return Object.entries(json).flatMap(([name, tags]) =>
    Object.entries(isRecord(tags) ? tags : {}).map(([tag, id]) => ({
      tag: `${name}:${tag}`,
      id: String(id),
    })),
  );
}

/** Follows the chain and makes the config that such an image never had. Reads each layer once. */
export async function assembleLegacy(
  tar: TarFiles,
  { id }: LegacyImage,
  options: Cancellable,
): Promise<AssembledImage> {
  const chain = await readChain(tar, id);
  const layers = chain.map((layer) => `${layer.id}/layer.tar`);
  const diffIds: string[] = [];
  for (const path of layers) {
    if ((await tar.size(path)) === undefined) throw broken(tar.name, `${path} is missing`);
    const counted = tally(tar.stream(path, options));
    for await (const _ of counted.stream);
    diffIds.push(`sha256:${counted.hex()}`);
  }
  const top = chain.at(-1)?.json ?? {};
  const kept = ["created", "author", "architecture", "variant", "os", "os.version", "config"];
  const rawConfig = serializeJson({
    ...Object.fromEntries(kept.flatMap((key) => (top[key] === undefined ? [] : [[key, top[key]]]))),
    rootfs: { type: "layers", diff_ids: diffIds },
    history: chain.map(({ json }) => ({ created: json["created"], created_by: commandOf(json) })),
  });
  return await assemble(tar, { rawConfig, layers }, options);
}

interface ChainLayer {
  readonly id: string;
  readonly json: Readonly<Record<string, unknown>>;
}

/** The base first. */
async function readChain(tar: TarFiles, top: string): Promise<readonly ChainLayer[]> {
  const chain: ChainLayer[] = [];
  const seen = new Set<string>();
  for (let id: unknown = top; typeof id === "string" && id !== "";) {
    if (seen.has(id)) throw broken(tar.name, `the layer ${id} is its own ancestor`);
    seen.add(id);
    const raw = await tar.read(`${id}/json`, MAX_CONFIG_BYTES);
    if (raw === undefined) throw broken(tar.name, `${id}/json is missing`);
    const json = parseJson(raw, `${id}/json`);
    if (!isRecord(json)) throw broken(tar.name, `${id}/json is not an object`);
    chain.unshift({ id, json });
    id = json["parent"];
  }
  return chain;
}

function commandOf(json: Readonly<Record<string, unknown>>): string | undefined {
  const config = json["container_config"];
  const command = isRecord(config) ? config["Cmd"] : undefined;
  return Array.isArray(command) ? command.join(" ") : undefined;
}

function broken(name: string, why: string): TransportError {
  return new TransportError("ARCHIVE_INVALID", `${name}: ${why}`, { fields: { path: name } });
}
