import { z } from "zod";
import { annotations, descriptor, platform } from "./descriptor.ts";

const common = {
  reference: z.string().describe("The reference, in full"),
  registryName: z
    .string()
    .optional()
    .describe("What a registry that makes images calls it, where it is one that is made"),
  digest: z.string(),
  mediaType: z.string(),
  size: z.number().describe("Bytes of the manifest or index itself"),
  artifactType: z.string().optional(),
  annotations: annotations.optional(),
  subject: descriptor.optional().describe("What it refers to"),
  referrers: z.array(descriptor).describe("What refers to it"),
};

const image = z.object({
  kind: z.literal("image"),
  ...common,
  platform: platform.optional(),
  created: z.string().optional().describe("RFC 3339"),
  author: z.string().optional(),
  config: descriptor,
  run: z.looseObject({}).optional().describe("The config part of the image config: Env, Cmd and the like"),
  layers: z.array(
    z.object({
      digest: z.string(),
      mediaType: z.string(),
      size: z.number().describe("Bytes as stored"),
      diffId: z.string().optional(),
      createdBy: z.string().optional().describe("The instruction that made it"),
      created: z.string().optional(),
      annotations: annotations.optional(),
    }),
  ),
  totalSize: z.number().describe("Bytes of manifest, config and layers"),
});

const index = z.object({ kind: z.literal("index"), ...common, manifests: z.array(descriptor) });

export const inspectAnswer = z.discriminatedUnion("kind", [image, index]);
