import { planSchema } from "@cooper/build";
import { z } from "zod";

export const detectAnswer = z.object({
  matches: z
    .array(z.object({ provider: z.string(), reason: z.string() }))
    .describe("The first one makes the plan"),
});

export const planAnswer = planSchema;
