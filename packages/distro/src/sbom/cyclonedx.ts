import { createHash } from "node:crypto";
import { ComponentType, ExternalReferenceType, HashAlgorithm } from "@cyclonedx/cyclonedx-library/Enums";
import * as Models from "@cyclonedx/cyclonedx-library/Models";
import { JSON as Json, JsonSerializer } from "@cyclonedx/cyclonedx-library/Serialize";
import { Spec1dot6 } from "@cyclonedx/cyclonedx-library/Spec";
import { licenseExpression } from "./license.ts";
import type { Checksum, Component, Sbom } from "./sbom.ts";

const ALGORITHM: Readonly<Record<Checksum["algorithm"], HashAlgorithm>> = {
  "SHA-256": HashAlgorithm["SHA-256"],
  "SHA-512": HashAlgorithm["SHA-512"],
};

/**
 * CycloneDX 1.6 as JSON: the image as the component that depends on all others. The same SBOM gives
 * the same bytes: the serial number is made of what it is about, and the time is the image's.
 */
export function formatCycloneDx(sbom: Sbom): string {
  const root = new Models.Component(ComponentType.Container, sbom.name, {
    bomRef: sbom.subject,
    version: sbom.subject,
  });
  const bom = new Models.Bom({
    serialNumber: serialNumber(sbom.subject),
    metadata: new Models.Metadata({ component: root, timestamp: new Date(sbom.created * 1000) }),
  });
  for (const component of sbom.components) {
    const written = componentOf(component);
    bom.components.add(written);
    root.dependencies.add(written.bomRef);
  }
  const serializer = new JsonSerializer(new Json.Normalize.Factory(Spec1dot6));
  return `${serializer.serialize(bom, { sortLists: true, space: 2 })}\n`;
}

function componentOf(component: Component): Models.Component {
  const { name, version, purl, license, description, homepage, checksum, source } = component;
  const slash = name.lastIndexOf("/");
  const written = new Models.Component(ComponentType.Library, name.slice(slash + 1), {
    bomRef: purl,
    ...(slash === -1 ? {} : { group: name.slice(0, slash) }),
    ...(version === "" ? {} : { version }),
    ...(description === "" ? {} : { description }),
    purl,
  });
  if (license !== "") written.licenses.add(licenseOf(license));
  if (checksum !== undefined) written.hashes.set(ALGORITHM[checksum.algorithm], checksum.hex);
  if (URL.canParse(homepage)) {
    written.externalReferences.add(new Models.ExternalReference(homepage, ExternalReferenceType.Website));
  }
  written.properties.add(new Models.Property("cooper:source:name", source.name));
  if (source.version !== "")
    written.properties.add(new Models.Property("cooper:source:version", source.version));
  return written;
}

function licenseOf(words: string): Models.License {
  const license = licenseExpression(words);
  const isOther = license === undefined || license.others.has(license.expression);
  return isOther ? new Models.NamedLicense(words) : new Models.LicenseExpression(license.expression);
}

/** A UUID of the digest's own bits, marked as made of a name (RFC 9562, version 8). */
function serialNumber(subject: string): string {
  const hex = createHash("sha256").update(subject).digest("hex");
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ];
  return `urn:uuid:${parts.join("-")}`;
}
