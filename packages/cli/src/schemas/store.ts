import { z } from "zod";

export const storeLsAnswer = z.object({
  images: z.array(
    z.object({
      name: z.string().optional().describe("Missing for what is kept without a name"),
      digest: z.string(),
      mediaType: z.string(),
      size: z.number().describe("Bytes of all its blobs"),
    }),
  ),
  usage: z.object({
    images: z.number(),
    blobs: z.number(),
    bytes: z.number().describe("Of all blobs"),
    reclaimable: z.number().describe("Bytes that cooper store gc would free"),
  }),
});

export type StoreLsAnswer = z.infer<typeof storeLsAnswer>;

export const storeGcAnswer = z.object({
  removed: z.number().describe("Blobs removed"),
  bytes: z.number().describe("Bytes freed"),
  kept: z.number().describe("Blobs that stayed"),
});

export type StoreGcAnswer = z.infer<typeof storeGcAnswer>;

export const storePruneAnswer = storeGcAnswer.extend({
  unpackedLayers: z.number().describe("Unpacked layers removed"),
});

export type StorePruneAnswer = z.infer<typeof storePruneAnswer>;
