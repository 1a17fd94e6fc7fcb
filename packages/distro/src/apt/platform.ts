import { formatPlatform, type Platform } from "@cooper/oci";
import { DistroError } from "../errors.ts";

/** By architecture and variant, as OCI names them. */
const ARCHITECTURES: Readonly<Record<string, string>> = {
  amd64: "amd64",
  arm64: "arm64",
  "arm64/v8": "arm64",
  "386": "i386",
  arm: "armhf",
  "arm/v7": "armhf",
  "arm/v6": "armel",
  "arm/v5": "armel",
  ppc64le: "ppc64el",
  s390x: "s390x",
  riscv64: "riscv64",
  mips64le: "mips64el",
  mipsle: "mipsel",
  loong64: "loong64",
};

/** Debian's word for a platform's processor. `PLATFORM_UNSUPPORTED` */
export function debianArchitecture(platform: Platform): string {
  const { os, architecture, variant = "" } = platform;
  // Every variant of amd64 runs what was made for the first.
  const key = variant === "" || architecture === "amd64" ? architecture : `${architecture}/${variant}`;
  const found = os === "linux" ? ARCHITECTURES[key] : undefined;
  if (found !== undefined) return found;
  throw new DistroError("PLATFORM_UNSUPPORTED", `Debian has no packages for ${formatPlatform(platform)}`, {
    fields: { platform: formatPlatform(platform) },
  });
}
