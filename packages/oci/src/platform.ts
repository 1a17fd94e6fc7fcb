import type { Platform } from "./descriptor.ts";
import { OciError } from "./errors.ts";

/**
 * A platform from `os/architecture[/variant][:os.version]`, or from an architecture alone, which
 * then is of Linux; normalised. Nothing is taken from the host. `INVALID_PLATFORM`
 */
export function parsePlatform(text: string): Platform {
  const colon = text.indexOf(":");
  const version = colon === -1 ? undefined : text.slice(colon + 1);
  const parts = text.slice(0, colon === -1 ? undefined : colon).split("/");
  if (parts.some((part) => !/^[A-Za-z0-9_.-]+$/.test(part)) || version === "" || parts.length > 3) {
    throw invalid(text);
  }
  const [first = "", architecture, variant] = parts;
  if (architecture === undefined) {
    // containerd takes the other half of `linux` from the host; here the same text means the same everywhere.
    const platform = normalizePlatform({ os: "linux", architecture: first });
    if (!ARCHITECTURES.has(platform.architecture)) throw invalid(text);
    return withVersion(platform, version);
  }
  return withVersion(normalizePlatform({ os: first, architecture, variant }), version);
}

/** `linux/arm64/v8`: what `parsePlatform` reads; `os.features` are not shown. */
export function formatPlatform(platform: Platform): string {
  const { os, architecture, variant, "os.version": version } = platform;
  const path = [os, architecture, ...(variant === undefined || variant === "" ? [] : [variant])].join("/");
  return version === undefined || version === "" ? path : `${path}:${version}`;
}

/** The names that the specification wants in place of their synonyms (as containerd's Normalize). */
export function normalizePlatform(platform: Platform): Platform {
  const { variant: _variant, ...rest } = platform;
  const [architecture, variant] = normalizeArchitecture(
    platform.architecture.toLowerCase(),
    (platform.variant ?? "").toLowerCase(),
  );
  return { ...rest, os: normalizeOs(platform.os), architecture, ...(variant === "" ? {} : { variant }) };
}

/**
 * How well a platform that is offered suits the one that is wanted: 0 is best, undefined is not at
 * all. A processor runs what was made for its forerunners (as containerd's `Only`): arm/v7 runs
 * arm/v6, arm64 runs arm/v8, amd64/v3 runs amd64/v2 and 386.
 */
export function rankPlatform(wanted: Platform, offered: Platform): number | undefined {
  const want = normalizePlatform(wanted);
  const offer = normalizePlatform(offered);
  if (want.os !== offer.os || !versionMatches(want, offer) || !featuresMatch(want, offer)) return undefined;
  const rank = runnable(want).indexOf(processor(offer));
  return rank === -1 ? undefined : rank;
}

/** Whether an image for `offered` runs on `wanted`. */
export function matchPlatform(wanted: Platform, offered: Platform): boolean {
  return rankPlatform(wanted, offered) !== undefined;
}

/** Whether both name the same platform; an `os.version` or `os.features` that `wanted` leaves out may be any. */
export function isSamePlatform(wanted: Platform, offered: Platform): boolean {
  return rankPlatform(wanted, offered) === 0;
}

/** The platform that an attestation is stored under, which no machine has (BuildKit, attestation-storage.md). */
export function isUnknownPlatform(platform: Platform | undefined): boolean {
  return platform !== undefined && platform.os === "unknown" && platform.architecture === "unknown";
}

const ARCHITECTURES: ReadonlySet<string> = new Set(
  (
    "386 amd64 amd64p32 arm armbe arm64 arm64be loong64 mips mipsle mips64 mips64le mips64p32 mips64p32le " +
    "ppc ppc64 ppc64le riscv riscv64 s390 s390x sparc sparc64 wasm"
  ).split(" "),
);

function normalizeOs(os: string): string {
  const lower = os.toLowerCase();
  return lower === "macos" ? "darwin" : lower;
}

function normalizeArchitecture(architecture: string, variant: string): readonly [string, string] {
  switch (architecture) {
    case "i386":
      return ["386", ""];
    case "x86_64":
    case "x86-64":
    case "amd64":
      return ["amd64", variant === "v1" ? "" : variant];
    case "aarch64":
    case "arm64":
      if (["8", "v8", "v8.0"].includes(variant)) return ["arm64", ""];
      return ["arm64", ["9", "9.0", "v9.0"].includes(variant) ? "v9" : variant];
    case "armhf":
      return ["arm", "v7"];
    case "armel":
      return ["arm", "v6"];
    case "arm":
      if (variant === "") return ["arm", "v7"];
      return ["arm", /^[5-8]$/.test(variant) ? `v${variant}` : variant];
    default:
      return [architecture, variant];
  }
}

function processor({ architecture, variant }: Platform): string {
  return variant === undefined ? architecture : `${architecture}/${variant}`;
}

/** The processors whose programs this one runs, the best first, each normalised. */
function runnable(platform: Platform): readonly string[] {
  const { architecture, variant = "" } = platform;
  switch (architecture) {
    case "amd64":
      return [...versions("amd64", numberOf(variant) ?? 1, 2), ...exactly(platform), "amd64", "386"];
    case "arm":
      return [...exactly(platform), ...versions("arm", numberOf(variant) ?? 0, 5)];
    case "arm64":
      return [...arm64(variant, platform), ...versions("arm", 8, 5)];
    case "ppc64":
    case "ppc64le":
      return [
        ...exactly(platform),
        ...below(architecture, variant, ["power8", "power9", "power10", "power11"]),
      ];
    case "riscv64":
      return [...exactly(platform), ...below(architecture, variant, ["rva20u64", "rva22u64", "rva23u64"])];
    default:
      return [processor(platform)];
  }
}

function arm64(variant: string, platform: Platform): readonly string[] {
  const match = /^v([89])(?:\.(\d))?$/.exec(variant === "" ? "v8" : variant);
  if (match === null) return [processor(platform)];
  const minor = Number(match[2] ?? 0);
  // Armv9.N has all of Armv8.(N+5), and there is no 8.10.
  return match[1] === "9"
    ? [...arm64Minors(9, minor), ...arm64Minors(8, Math.min(minor + 5, 9))]
    : arm64Minors(8, minor);
}

function arm64Minors(major: number, highest: number): readonly string[] {
  const list: string[] = [];
  for (let minor = highest; minor > 0; minor--) list.push(`arm64/v${major}.${minor}`);
  list.push(major === 8 ? "arm64" : `arm64/v${major}`);
  return list;
}

function versions(architecture: string, highest: number, lowest: number): readonly string[] {
  const list: string[] = [];
  for (let version = Math.min(highest, 99); version >= lowest; version--)
    list.push(`${architecture}/v${version}`);
  return list;
}

function numberOf(variant: string): number | undefined {
  const digits = /^v(\d{1,2})$/.exec(variant)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function exactly(platform: Platform): readonly string[] {
  return platform.variant === undefined ||
    (numberOf(platform.variant) !== undefined && platform.architecture === "amd64")
    ? []
    : [processor(platform)];
}

/** Those of an ascending list of variants that come before `variant`, the nearest first, and none at all. */
function below(architecture: string, variant: string, ascending: readonly string[]): readonly string[] {
  const lower = ascending.slice(0, Math.max(ascending.indexOf(variant), 0));
  return [...lower.toReversed().map((name) => `${architecture}/${name}`), architecture];
}

/** Windows names a build that an image runs on; what the image adds after the wanted parts may be any. */
function versionMatches(wanted: Platform, offered: Platform): boolean {
  const want = wanted["os.version"];
  const offer = offered["os.version"];
  return (
    want === undefined || want === "" || offer === undefined || offer === want || offer.startsWith(`${want}.`)
  );
}

/** All that the image needs must be there, where anything is said about what is there. */
function featuresMatch(wanted: Platform, offered: Platform): boolean {
  const has = wanted["os.features"];
  return has === undefined || (offered["os.features"] ?? []).every((feature) => has.includes(feature));
}

function withVersion(platform: Platform, version: string | undefined): Platform {
  return version === undefined ? platform : { ...platform, "os.version": version };
}

function invalid(text: string): OciError {
  return new OciError("INVALID_PLATFORM", `${JSON.stringify(text)} is not a platform`, {
    kind: "usage",
    fields: { platform: text },
    advice: "A platform is os/architecture[/variant], such as linux/amd64 or linux/arm/v7.",
  });
}
