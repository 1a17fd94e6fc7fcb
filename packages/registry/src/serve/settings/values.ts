import { z } from "zod";
import { isFault } from "@cooper/sys";
import { parseAddress } from "../address.ts";

/** What a setting says about itself, in `--help` and in docs/schemas/serve.json. */
export interface About {
  readonly description: string;
  readonly placeholder: string;
}

const BYTES = /^(\d{1,15}(?:\.\d{1,3})?) ?([KMGT]i?B|B)?$/;
const UNIT_BYTES: Readonly<Record<string, number>> = {
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
};
const DURATION = /^(\d{1,9}(?:\.\d{1,3})?) ?([smhd])?$/;
const UNIT_SECONDS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };
const COUNT = /^\d{1,12}$/;

// Each kind of value is read from YAML, and from the text of a flag or an environment variable alike.

export function text(description: string, placeholder: string): z.ZodString {
  return z
    .string()
    .min(1, "it is empty")
    .meta({ description, placeholder } satisfies About);
}

/** Several texts: a YAML list, or one text that separates them by semicolons or line ends. */
export function texts(description: string, placeholder: string): z.ZodType<readonly string[]> {
  return z
    .union([z.array(z.string().min(1)), z.string()], "it is no list of texts")
    .transform((value) => (typeof value === "string" ? value.split(/[;\n]/) : value))
    .transform((list) => list.map((item) => item.trim()).filter((item) => item !== ""))
    .meta({ description, placeholder } satisfies About);
}

export function address(description: string): z.ZodType<ReturnType<typeof parseAddress>> {
  return z
    .string()
    .transform((value, context) => {
      try {
        return parseAddress(value);
      } catch (error) {
        if (!isFault(error)) throw error;
        context.issues.push({ code: "custom", input: value, message: `${error.message}. ${error.advice}` });
        return z.NEVER;
      }
    })
    .meta({ description, placeholder: "HOST:PORT" } satisfies About);
}

/** Bytes: a whole number, or a text such as 64MiB or 10GB. */
export function bytes(description: string): z.ZodType<number> {
  const error = "it is no number of bytes, such as 1000000, 64MiB or 10GB";
  return z
    .union([z.int(error).min(0, error), z.string().regex(BYTES, error)], error)
    .transform((value) => {
      if (typeof value === "number") return value;
      const [, amount = "0", unit = "B"] = BYTES.exec(value) ?? [];
      return Math.round(Number(amount) * (UNIT_BYTES[unit] ?? 1));
    })
    .meta({ description, placeholder: "BYTES" } satisfies About);
}

/** Seconds: a number, or a text such as 90s, 15m, 12h or 30d. */
export function seconds(description: string): z.ZodType<number> {
  const error = "it is no time, such as 90s, 15m, 12h or 30d";
  return z
    .union([z.number().min(0, error), z.string().regex(DURATION, error)], error)
    .transform((value) => {
      if (typeof value === "number") return value;
      const [, amount = "0", unit = "s"] = DURATION.exec(value) ?? [];
      return Number(amount) * (UNIT_SECONDS[unit] ?? 1);
    })
    .meta({ description, placeholder: "TIME" } satisfies About);
}

/** A whole number. */
export function count(description: string): z.ZodType<number> {
  const error = "it is no whole number";
  return z
    .union([z.int(error).min(0, error), z.string().regex(COUNT, error)], error)
    .transform(Number)
    .meta({ description, placeholder: "N" } satisfies About);
}

/** One of a few words. */
export function oneOf<const Words extends readonly [string, ...string[]]>(
  words: Words,
  description: string,
): z.ZodType<Words[number]> {
  return z
    .enum(words, `it is none of ${words.join(", ")}`)
    .meta({ description, placeholder: words.join("|") } satisfies About);
}
