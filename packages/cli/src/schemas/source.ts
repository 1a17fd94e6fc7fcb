import { planSchema } from "@cooper/build";
import { z } from "zod";

export const detectAnswer = z.object({
  matches: z
    .array(
      z.object({
        provider: z.string(),
        reason: z.string(),
        part: z.enum(["starts", "joins", "none"]).describe("Of the plan"),
      }),
    )
    .describe("In the order in which they are taken where nobody names one"),
  subdirectory: z.string().optional().describe("The one directory that all of it is in"),
});

export const planAnswer = planSchema;
