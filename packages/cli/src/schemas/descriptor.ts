import { z } from "zod";

/** As in the manifests themselves; keys that Cooper does not know are kept. */
export const platform = z.looseObject({
  os: z.string(),
  architecture: z.string(),
  variant: z.string().optional(),
});

export const annotations = z.record(z.string(), z.string());

/** image-spec, descriptor.md. */
export const descriptor = z.looseObject({
  mediaType: z.string(),
  digest: z.string(),
  size: z.number().describe("Bytes"),
  annotations: annotations.optional(),
  platform: platform.optional(),
  artifactType: z.string().optional(),
});
