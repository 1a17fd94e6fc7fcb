import { X509Certificate } from "node:crypto";
import type { ApkRoot } from "@cooper/distro";
import { BuildError } from "../errors.ts";
import type { ApkoCertificates } from "./schema.ts";

/** Where distributions have the bundle of authorities; where none has one, the first is made. */
const BUNDLES = [
  "etc/ssl/certs/ca-certificates.crt",
  "etc/pki/tls/certs/ca-bundle.crt",
  "var/lib/ca-certificates/ca-bundle.pem",
];
const LOCAL = "usr/local/share/ca-certificates";

/**
 * Puts further authorities behind those that the packages trust, in every bundle there is, and each by
 * itself where `update-ca-certificates` would look for it. What packages put there is in the bundle
 * already (docs/apk.md), so that of a provider only its being there is looked at.
 */
export async function addCertificates(
  root: ApkRoot,
  { additional = [], providers = [] }: ApkoCertificates,
): Promise<void> {
  for (const provider of providers) {
    if (root.provides(provider)) continue;
    throw invalid(
      `providers: no package here is or provides ${provider}`,
      "Add one that does to the packages.",
    );
  }
  if (additional.length === 0) return;
  const certificates = additional.map(({ name, content }) => ({ name, pem: checked(name, content) }));
  const present = BUNDLES.filter((path) => root.tree.find(path) !== undefined);
  for (const path of present.length === 0 ? BUNDLES.slice(0, 1) : present) {
    // oxlint-disable-next-line no-await-in-loop -- a handful of files
    const before = (await root.read(path))?.toString("utf8").trimEnd() ?? "";
    const parts = [...(before === "" ? [] : [before]), ...certificates.map(({ pem }) => pem)];
    root.tree.write({ path, bytes: Buffer.from(`${parts.join("\n")}\n`) });
  }
  for (const { name, pem } of certificates) {
    root.tree.write({ path: `${LOCAL}/${name}.crt`, bytes: Buffer.from(`${pem}\n`) });
  }
}

function checked(name: string, content: string): string {
  if (!/^[\w.-]+$/u.test(name)) throw invalid(`additional: ${JSON.stringify(name)} is no name of a file`);
  const found = content.match(/-----BEGIN CERTIFICATE-----[\s\S]*?-----END CERTIFICATE-----/gu) ?? [];
  if (found.length === 0) throw invalid(`additional: ${name} has no certificate in PEM`);
  for (const pem of found) {
    try {
      void new X509Certificate(pem).fingerprint256;
    } catch (cause) {
      throw invalid(`additional: ${name} has a certificate that cannot be read`, undefined, cause);
    }
  }
  return found.join("\n");
}

function invalid(what: string, advice?: string, cause?: unknown): BuildError {
  return new BuildError("CONFIGURATION_INVALID", `certificates.${what}`, {
    cause,
    kind: "usage",
    ...(advice === undefined ? {} : { advice }),
  });
}
