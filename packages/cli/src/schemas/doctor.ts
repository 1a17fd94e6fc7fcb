import { z } from "zod";

// Schemas of what --json prints. Commands take only their types from here: zod is not loaded to print.

export const doctorAnswer = z.object({
  facts: z.array(
    z.object({
      name: z.string().describe("A word that stays the same: runc, overlayfs"),
      state: z.enum(["works", "limited", "missing"]),
      found: z.string().describe("A version, or a reason"),
      purpose: z.string().describe("What it is good for"),
      needed: z.boolean().describe("Whether something that Cooper does fails without it"),
      packages: z.array(z.string()).readonly().describe("The Debian packages that bring it"),
      advice: z.string().optional().describe("What to do where no package helps"),
    }),
  ),
});

export type DoctorAnswer = z.infer<typeof doctorAnswer>;
