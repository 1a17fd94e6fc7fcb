import { type Digest, digestOf } from "@cooper/oci";
import { DistroError } from "../errors.ts";

/**
 * The digest that a tarball is checked against. npm writes several, and SHA-1 for what is very old;
 * only SHA-512 counts. `PACKAGE_INVALID`
 */
export function digestOfIntegrity(integrity: string | undefined, label: string): Digest {
  for (const word of (integrity ?? "").split(/\s+/)) {
    const base64 = /^sha512-([A-Za-z0-9+/]{86}==)(?:\?.*)?$/.exec(word)?.[1];
    if (base64 !== undefined) return digestOf("sha512", Buffer.from(base64, "base64").toString("hex"));
  }
  throw new DistroError(
    "PACKAGE_INVALID",
    `${label} has no SHA-512 at the registry, so nothing could check it`,
    {
      advice: "Ask for a newer version; what comes from git or an address cannot be in an image.",
      fields: { package: label },
    },
  );
}

/** As npm writes it, for a lock of npm's. */
export function integrityOf(checksum: string): string {
  return `sha512-${Buffer.from(checksum.slice(checksum.indexOf(":") + 1), "hex").toString("base64")}`;
}

/**
 * Where a tarball lies below its registry: `cowsay/-/cowsay-1.6.0.tgz`. The address that a registry
 * gives may be another host's, whose mirror it is: what follows the package's name is the same on
 * both. `REPOSITORY_INVALID`
 */
export function tarballPath(resolved: string | undefined, name: string, registry: string): string {
  const url = resolved !== undefined && URL.canParse(resolved) ? new URL(resolved) : undefined;
  const pathname = url?.pathname.replaceAll(/%2f/gi, "/") ?? "";
  const at = pathname.indexOf(`/${name}/-/`);
  const base = new URL(registry);
  const below =
    url?.host === base.host && pathname.startsWith(base.pathname) ? pathname.slice(base.pathname.length) : "";
  const path = at === -1 ? below : pathname.slice(at + 1);
  if (isPlain(path)) return path;
  throw new DistroError("REPOSITORY_INVALID", `the registry has ${name} at an address that is not below it`, {
    advice: "Only packages that a registry keeps itself can be locked.",
    fields: { package: name },
  });
}

/** A path that leads down and nowhere else. */
export function isPlain(path: string): boolean {
  return path.split("/").every((part) => /^[\w.@+~%-]+$/.test(part) && part !== "." && part !== "..");
}
