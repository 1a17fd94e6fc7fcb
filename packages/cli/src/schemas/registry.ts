import { z } from "zod";

export const registryGcAnswer = z.object({
  outcome: z.enum(["done", "busy"]).describe("busy: another process is collecting, and nothing was done"),
  removed: z.object({
    blobs: z.number(),
    uploads: z.number(),
    manifests: z.number(),
    images: z.number().describe("Made images that lost their tag"),
    bytes: z.number().describe("Bytes freed"),
  }),
  kept: z.object({ blobs: z.number(), bytes: z.number() }),
});

export type RegistryGcAnswer = z.infer<typeof registryGcAnswer>;
