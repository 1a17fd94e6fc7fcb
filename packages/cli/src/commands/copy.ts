import type { Format } from "@cooper/oci";
import { copy as copyImage, copyTags } from "@cooper/transport";
import type { LayerCompressionOptions } from "@cooper/transport";
import { defineCommand } from "../command.ts";
import { parseCompression } from "../compression-flag.ts";
import { printable } from "../display/printable.ts";
import { showTransfer } from "../display/transfer.ts";
import { count, flag, globalFlags, registryFlags } from "../flags.ts";
import type { GlobalFlags, RegistryFlags } from "../flags.ts";
import { packageFlags } from "../packages.ts";
import type { PackageFlags } from "../packages.ts";
import { placeOptions, platformsFlag } from "../places.ts";
import type { PlatformsFlag } from "../places.ts";

type Flags = GlobalFlags &
  RegistryFlags &
  PackageFlags &
  PlatformsFlag & {
    readonly format?: Format | undefined;
    readonly compress?: LayerCompressionOptions | undefined;
    readonly allTags?: boolean | undefined;
    readonly referrers?: boolean | undefined;
    readonly digestTags?: boolean | undefined;
    readonly foreignLayers?: boolean | undefined;
    readonly jobs?: number | undefined;
  };

export const copy = defineCommand<Flags, [string, string]>({
  description: `Copies an image, or an index with all its platforms, from one place to another and prints its
digest, which stays the same unless a conversion is asked for. What the destination has is not read
again; nothing is visible there before all of it has arrived. With --all-tags every tag of a repository or
layout, one after another; then each line has a digest and its tag.`,
  examples: [
    { run: "copy alpine:3 oci:alpine:3", shows: "From Docker Hub into an OCI layout" },
    { run: "copy oci:alpine:3 docker-archive:alpine.tar:alpine:3", shows: "For docker load" },
    {
      run: "copy --platform linux/arm64 redis:7 ghcr.io/me/redis:7",
      shows: "One platform, between registries",
    },
    { run: "copy --all-tags ghcr.io/me/app oci:backup", shows: "A whole repository" },
    { run: "copy --compress zstd:9 oci:app docker://localhost:5000/app", shows: "Compressed anew" },
  ],
  parameters: {
    flags: {
      ...globalFlags,
      ...registryFlags,
      ...packageFlags,
      ...platformsFlag,
      format: {
        kind: "enum",
        values: ["oci", "docker"],
        optional: true,
        brief: "Convert manifests and media types; changes digests",
      },
      compress: {
        kind: "parsed",
        parse: parseCompression,
        optional: true,
        brief: "Compress the layers anew: none, gzip or zstd, with a level as in zstd:9; changes digests",
        placeholder: "HOW",
      },
      allTags: flag("Every tag of the source, under the same tags; those of the references do not matter"),
      referrers: flag("Also what refers to the image: signatures, SBOMs"),
      digestTags: flag("Also tags such as sha256-….sig, by which cosign hangs something on a digest"),
      foreignLayers: flag("Also layers that say that no registry may hold them"),
      jobs: count("Blobs at a time; default 4", "N"),
    },
    aliases: { j: "jobs" },
    positional: {
      kind: "tuple",
      parameters: [
        { placeholder: "source", brief: "What to copy", parse: String },
        { placeholder: "destination", brief: "Where to", parse: String },
      ],
    },
  },
  async run(terminal, flags, source, destination) {
    const options = {
      ...placeOptions(terminal, flags, flags),
      platforms: flags.platform,
      format: flags.format,
      compression: flags.compress,
      referrers: flags.referrers === true ? "copy" : "leave",
      digestTags: flags.digestTags === true ? "copy" : "leave",
      foreignLayers: flags.foreignLayers === true ? "copy" : "skip",
      parallel: flags.jobs,
      onEvent: showTransfer(terminal.progress),
    } as const;
    if (flags.allTags !== true) {
      const { digest } = await copyImage(source, destination, options);
      terminal.answer(digest);
      return;
    }
    const copied = await copyTags(source, destination, options);
    if (copied.length === 0) return;
    terminal.answer(
      copied.map(({ tag, descriptor }) => `${descriptor.digest}  ${printable(tag)}`).join("\n"),
    );
  },
});
