import type { Cancellable } from "@cooper/archive";
import type { ImageConfig } from "../config.ts";
import type { Descriptor, Platform } from "../descriptor.ts";
import { digestAlgorithm, digestBytes } from "../digest.ts";
import { isArtifact } from "../manifest.ts";
import type { ImageManifest } from "../manifest.ts";
import { isLayerType } from "../media-types.ts";
import type { Image, Layer } from "../model.ts";
import { normalizePlatform } from "../platform.ts";
import { compareLayer } from "./layer.ts";
import type { LayerReader } from "./layer-reader.ts";
import type { Report } from "./mismatch.ts";

interface ImageContext extends Cancellable {
  readonly reader: LayerReader | undefined;
  readonly entry?: Descriptor | undefined;
}

/** What an image's manifest, config and layers say of each other. */
export async function validateImage(image: Image, report: Report, context: ImageContext): Promise<void> {
  const { signal } = context;
  const manifest = await report.read("manifest()", () => image.manifest({ signal }), signal);
  if (manifest === undefined) return;
  await compareConfigBytes(image, manifest, report, context);
  const config = isArtifact(manifest)
    ? undefined
    : await report.read("config()", () => image.config({ signal }), signal);
  const layers = await report.read("layers()", () => image.layers({ signal }), signal);
  if (layers !== undefined) await compareLayers(layers, manifest, config, report, context);
  if (config === undefined) return;
  compareCounts(manifest, config, report);
  comparePlatforms(config, context.entry?.platform, report);
}

async function compareConfigBytes(
  image: Image,
  { config }: ImageManifest,
  report: Report,
  { signal }: ImageContext,
): Promise<void> {
  const raw = await report.read("rawConfig()", () => image.rawConfig({ signal }), signal);
  if (raw === undefined) return;
  const algorithm = digestAlgorithm(config.digest) === "sha512" ? "sha512" : "sha256";
  report.compare("size", ["manifest().config.size", config.size], ["bytes of rawConfig()", raw.byteLength]);
  report.compare(
    "digest",
    ["manifest().config.digest", config.digest],
    ["hash of rawConfig()", digestBytes(raw, algorithm)],
  );
}

async function compareLayers(
  layers: readonly Layer[],
  manifest: ImageManifest,
  config: ImageConfig | undefined,
  report: Report,
  { signal, reader }: ImageContext,
): Promise<void> {
  report.compare(
    "layers",
    ["manifest().layers.length", manifest.layers.length],
    ["layers().length", layers.length],
  );
  for (const [i, layer] of layers.entries()) {
    const place = report.within(`layer ${i}`);
    const descriptor = await place.read("descriptor()", () => layer.descriptor({ signal }), signal);
    const named = manifest.layers[i];
    if (descriptor === undefined || named === undefined) continue;
    for (const [what, key] of [
      ["digest", "digest"],
      ["size", "size"],
      ["media-type", "mediaType"],
    ] as const) {
      place.compare(
        what,
        [`manifest().layers[${i}].${key}`, named[key]],
        [`descriptor().${key}`, descriptor[key]],
      );
    }
    const facts = reader?.factsOf(layer);
    const diffId = config?.rootfs.diff_ids[i];
    if (facts !== undefined)
      compareLayer(place, facts, descriptor, isLayerType(layer.mediaType) ? diffId : undefined);
  }
}

function compareCounts(
  { layers }: ImageManifest,
  { rootfs, history = [] }: ImageConfig,
  report: Report,
): void {
  const count = layers.length;
  report.compare(
    "config",
    ["manifest().layers.length", count],
    ["config().rootfs.diff_ids.length", rootfs.diff_ids.length],
  );
  if (history.length === 0) return; // it is optional
  const steps = history.filter(({ empty_layer: isEmpty }) => isEmpty !== true).length;
  report.compare("history", ["manifest().layers.length", count], ["config().history with a layer", steps]);
}

function comparePlatforms(config: ImageConfig, entry: Platform | undefined, report: Report): void {
  const own = normalizePlatform(config);
  for (const key of ["os", "architecture"] as const) {
    if (config[key] === "") report.add("platform", `config().${key}="", which must be given`);
  }
  if (entry === undefined) return;
  const listed = normalizePlatform(entry);
  report.compare("platform", ["the index's entry: os", listed.os], ["config().os", own.os]);
  report.compare(
    "platform",
    ["the index's entry: architecture", listed.architecture],
    ["config().architecture", own.architecture],
  );
  // Many configs leave out the variant that their index tells.
  if (config.variant !== undefined && entry.variant !== undefined) {
    report.compare(
      "platform",
      ["the index's entry: variant", listed.variant],
      ["config().variant", own.variant],
    );
  }
}
