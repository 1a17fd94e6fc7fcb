import { formatPlatform, type Platform } from "@cooper/oci";
import { DistroError } from "../errors.ts";

/** A platform in npm's words (package.json, `os`, `cpu` and `libc`). */
export interface Target {
  readonly os: string;
  readonly cpu: string;
  readonly libc: string;
}

/** Debian's C library, on which the image stands. `PLATFORM_UNSUPPORTED` */
export function targetOf(platform: Platform): Target {
  const cpu = platform.os === "linux" ? CPUS[platform.architecture] : undefined;
  if (cpu === undefined) {
    throw new DistroError("PLATFORM_UNSUPPORTED", `there is no Node for ${formatPlatform(platform)} on npm`, {
      advice: `Take one of ${Object.keys(CPUS)
        .map((architecture) => `linux/${architecture}`)
        .join(" and ")}.`,
      fields: { platform: formatPlatform(platform) },
    });
  }
  return { os: "linux", cpu, libc: "glibc" };
}

const CPUS: Readonly<Record<string, string>> = { amd64: "x64", arm64: "arm64" };

/** What a package says of the platforms it is for. */
export interface PlatformRules {
  readonly os?: readonly string[] | undefined;
  readonly cpu?: readonly string[] | undefined;
  readonly libc?: readonly string[] | undefined;
}

/** Whether a package may be installed there: each list names what is allowed, or with `!` what is not. */
export function fits(rules: PlatformRules, target: Target): boolean {
  return allows(rules.os, target.os) && allows(rules.cpu, target.cpu) && allows(rules.libc, target.libc);
}

function allows(list: readonly string[] | undefined, value: string): boolean {
  if (list === undefined || list.length === 0) return true;
  if (list.includes(`!${value}`)) return false;
  const allowed = list.filter((word) => !word.startsWith("!"));
  return allowed.length === 0 || allowed.includes(value) || allowed.includes("any");
}
