import { z } from "zod";
import { descriptor } from "./descriptor.ts";

export const historyAnswer = z.object({
  steps: z
    .array(
      z.looseObject({
        created: z.string().optional(),
        author: z.string().optional(),
        created_by: z.string().optional(),
        comment: z.string().optional(),
        empty_layer: z.boolean().optional(),
        layer: descriptor.optional().describe("Missing for a step that made none"),
      }),
    )
    .describe("The first step first"),
});

export const lsAnswer = z.object({
  entries: z.array(
    z.object({
      path: z.string().describe("Absolute; bytes that are not UTF-8 are U+DC80 to U+DCFF"),
      type: z.string(),
      mode: z.number().describe("Permission bits"),
      uid: z.number(),
      gid: z.number(),
      size: z.number().describe("Bytes"),
      mtime: z.string().describe("RFC 3339, UTC"),
      target: z.string().optional().describe("Of a symlink or a hard link"),
      layer: z.number().describe("Which layer it comes from; the base is 0"),
      layerDigest: z.string(),
    }),
  ),
});

export const referrersAnswer = z.object({ referrers: z.array(descriptor) });

export const tagAnswer = z.object({ tags: z.array(z.string()) });

export const validateAnswer = z.object({
  digest: z.string(),
  valid: z.boolean(),
  mismatches: z.array(z.looseObject({ message: z.string() })),
});

export const indexListAnswer = z.object({ digest: z.string(), manifests: z.array(descriptor) });

export const digestAnswer = z.object({
  digest: z.string(),
  reference: z.string().optional().describe("Will always mean this very image; missing where it is made"),
});
