import { sourceLockSchema } from "@cooper/build";
import { lockSchema, solutionSchema } from "@cooper/distro";
import { z } from "zod";

export const resolveAnswer = solutionSchema;

export const lockAnswer = z.union([lockSchema, sourceLockSchema]);

export const cacheUsageAnswer = z.object({
  directory: z.string().describe("Where what was fetched lies"),
  home: z.string().describe("Where builds keep things"),
  entries: z.number(),
  size: z.number().describe("Bytes"),
  kinds: z
    .array(z.object({ name: z.string(), entries: z.number(), size: z.number().describe("Bytes") }))
    .describe("The largest first"),
});

export type CacheUsageAnswer = z.infer<typeof cacheUsageAnswer>;

export const cacheLsAnswer = z.object({
  entries: z
    .array(
      z.object({
        kind: z.enum(["step", "unpacked", "mount", "git", "root"]),
        id: z.string().describe("Of a step its key"),
        description: z.string(),
        size: z.number().describe("Bytes"),
        usedAt: z.string(),
      }),
    )
    .describe("What was used last first"),
});

export type CacheLsAnswer = z.infer<typeof cacheLsAnswer>;

export const cachePruneAnswer = z.object({ freed: z.number().describe("Bytes") });

export type CachePruneAnswer = z.infer<typeof cachePruneAnswer>;
