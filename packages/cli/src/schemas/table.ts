import type { z } from "zod";
import { doctorAnswer } from "./doctor.ts";

/** What each command prints with `--json`, by the command's name. scripts/docs.ts writes docs/schemas/ from it. */
export const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  doctor: doctorAnswer,
};
