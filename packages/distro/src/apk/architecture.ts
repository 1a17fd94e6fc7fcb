import { formatPlatform, type Platform } from "@cooper/oci";
import { DistroError } from "../errors.ts";

/** What apk calls a platform's architecture: `x86_64`. `PLATFORM_UNSUPPORTED` */
export function architectureOf(platform: Platform): string {
  const { os, architecture, variant = "" } = platform;
  const name = ARCHITECTURES.get(`${architecture}${variant}`) ?? ARCHITECTURES.get(architecture);
  if (os === "linux" && name !== undefined && `${architecture}${variant}` !== "armv5") return name;
  throw new DistroError("PLATFORM_UNSUPPORTED", `there are no apk packages for ${formatPlatform(platform)}`, {
    kind: "usage",
    advice: `Ask for one of linux/${[...ARCHITECTURES.keys()].join(", linux/")}.`,
    fields: { platform: formatPlatform(platform) },
  });
}

/** OCI's names, with the variant where it matters, and apk's. */
const ARCHITECTURES: ReadonlyMap<string, string> = new Map([
  ["amd64", "x86_64"],
  ["arm64", "aarch64"],
  ["386", "x86"],
  ["armv6", "armhf"],
  ["arm", "armv7"],
  ["ppc64le", "ppc64le"],
  ["s390x", "s390x"],
  ["riscv64", "riscv64"],
  ["loong64", "loongarch64"],
]);

/** Whether a package is for that architecture, or for every one. */
export function isForArchitecture(package_: { readonly arch: string }, architecture: string): boolean {
  return package_.arch === architecture || package_.arch === "noarch" || package_.arch === "";
}
