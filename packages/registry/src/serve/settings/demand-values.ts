import { parsePlatform } from "@cooper/oci";
import type { Platform } from "@cooper/oci";
import { isFault } from "@cooper/sys";
import { z } from "zod";
import { MAKERS } from "../../demand/makers/table.ts";
import type { RootNames } from "../../demand/options.ts";
import type { Upstream } from "../../demand/upstreams.ts";
import { texts } from "./values.ts";
import type { About } from "./values.ts";

const HOST = /^(?:\*|(?:\*\.)?[A-Za-z0-9.-]+|\[[0-9A-Fa-f:]+\])(?::\d{1,5})?$/;
const UPSTREAM_WORDS = ["credentials", "insecure", "private", "public"];

/** Names of makers; `none` is none of them. */
export function makers(description: string): z.ZodType<readonly string[]> {
  const names: readonly string[] = MAKERS.map(({ name }) => name);
  return each(texts(description, "MAKER;…"), (text) => {
    if (text !== "none" && !names.includes(text)) throw new Wrong(`there is ${names.join(", ")}, and none`);
    return text;
  });
}

/** Platforms, such as linux/arm64. */
export function platforms(description: string): z.ZodType<readonly Platform[]> {
  return each(texts(description, "OS/ARCH;…"), (text) => {
    try {
      return parsePlatform(text);
    } catch (error) {
      throw isFault(error) ? new Wrong(error.message) : error;
    }
  });
}

/** Hosts of registries, each with words about it: `127.0.0.1:5000 insecure`, `ghcr.io credentials`. */
export function upstreams(description: string): z.ZodType<readonly Upstream[]> {
  return each(texts(description, "HOST [WORD…];…"), (text) => {
    const [host = "", ...words] = text.split(/\s+/);
    if (!HOST.test(host)) throw new Wrong(`${JSON.stringify(host)} is no host, *.HOST or *`);
    const unknown = words.find((word) => !UPSTREAM_WORDS.includes(word));
    if (unknown !== undefined) {
      throw new Wrong(`${JSON.stringify(unknown)} is none of ${UPSTREAM_WORDS.join(", ")}`);
    }
    return {
      host,
      ...(words.includes("credentials") ? { credentials: "docker" as const } : {}),
      ...(words.includes("insecure") ? { insecure: true } : {}),
      ...(words.includes("private") ? { addresses: "any" as const } : {}),
      ...(words.includes("public") ? { addresses: "public" as const } : {}),
    };
  });
}

/** `nix`, or `mirror:HOST`. */
export function rootNames(description: string): z.ZodType<RootNames> {
  const error = "it is neither nix nor mirror:HOST";
  return z
    .string(error)
    .regex(/^(?:nix|mirror:.+)$/, error)
    .refine((text) => text === "nix" || HOST.test(text.slice("mirror:".length)), error)
    .transform((text): RootNames =>
      text === "nix" ? { maker: "nix" } : { mirror: text.slice("mirror:".length) },
    )
    .meta({ description, placeholder: "nix|mirror:HOST" } satisfies About);
}

class Wrong extends Error {}

/** Reads each text of a list; what `read` throws as `Wrong` is the setting's fault. */
function each<T>(list: z.ZodType<readonly string[]>, read: (text: string) => T): z.ZodType<readonly T[]> {
  const about = z.globalRegistry.get(list);
  const schema = list.transform((items, context) => {
    try {
      return items.map(read);
    } catch (error) {
      if (!(error instanceof Wrong)) throw error;
      context.issues.push({ code: "custom", input: items, message: error.message });
      return z.NEVER;
    }
  });
  return about === undefined ? schema : schema.meta(about);
}
