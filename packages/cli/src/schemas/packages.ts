import { lockSchema, solutionSchema } from "@cooper/distro";
import { z } from "zod";

export const resolveAnswer = solutionSchema;

export const lockAnswer = lockSchema;

export const cacheUsageAnswer = z.object({
  directory: z.string(),
  entries: z.number(),
  size: z.number().describe("Bytes"),
  kinds: z
    .array(z.object({ name: z.string(), entries: z.number(), size: z.number().describe("Bytes") }))
    .describe("The largest first"),
});

export const cachePruneAnswer = z.object({ freed: z.number().describe("Bytes") });
