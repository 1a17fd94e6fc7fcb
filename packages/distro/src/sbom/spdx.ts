import { createHash } from "node:crypto";
import { licenseExpression } from "./license.ts";
import type { Checksum, Component, Sbom } from "./sbom.ts";

const NONE_SAID = "NOASSERTION";
const ROOT = "SPDXRef-Image";
const ALGORITHM: Readonly<Record<Checksum["algorithm"], string>> = {
  "SHA-256": "SHA256",
  "SHA-512": "SHA512",
};

/**
 * SPDX 2.3 as JSON: the image as a package that contains all others. The same SBOM gives the same
 * bytes: the namespace is made of what it is about, and the time is the image's.
 */
export function formatSpdx(sbom: Sbom): string {
  const components = sbom.components.map((component) => ({ component, id: elementId(component) }));
  const others = new Map(
    sbom.components.flatMap(({ license }) => [...(licenseExpression(license)?.others ?? [])]),
  );
  const document = {
    spdxVersion: "SPDX-2.3",
    dataLicense: "CC0-1.0",
    SPDXID: "SPDXRef-DOCUMENT",
    name: sbom.name,
    documentNamespace: `urn:cooper:sbom:${sbom.subject}`,
    creationInfo: {
      created: new Date(sbom.created * 1000).toISOString().replace(/\.\d+Z$/u, "Z"),
      creators: ["Tool: cooper"],
    },
    packages: [rootPackage(sbom), ...components.map(({ component, id }) => packageOf(component, id))],
    // What SPDX has no name for has to be explained; all that is known of it is what it is called.
    ...(others.size === 0
      ? {}
      : {
          hasExtractedLicensingInfos: [...others]
            .toSorted(([a], [b]) => (a < b ? -1 : 1))
            .map(([licenseId, name]) => ({ licenseId, name, extractedText: name })),
        }),
    relationships: [
      relationship("SPDXRef-DOCUMENT", "DESCRIBES", ROOT),
      ...components.map(({ id }) => relationship(ROOT, "CONTAINS", id)),
    ],
  };
  return `${JSON.stringify(document, undefined, 2)}\n`;
}

function rootPackage({ name, subject }: Sbom): object {
  return {
    SPDXID: ROOT,
    name,
    versionInfo: subject,
    primaryPackagePurpose: "CONTAINER",
    downloadLocation: NONE_SAID,
    filesAnalyzed: false,
    licenseConcluded: NONE_SAID,
    licenseDeclared: NONE_SAID,
    copyrightText: NONE_SAID,
  };
}

function packageOf(component: Component, id: string): object {
  const { name, version, purl, license, description, homepage, checksum, source } = component;
  const declared = licenseExpression(license)?.expression;
  return {
    SPDXID: id,
    name,
    ...(version === "" ? {} : { versionInfo: version }),
    downloadLocation: NONE_SAID,
    filesAnalyzed: false,
    ...(checksum === undefined
      ? {}
      : { checksums: [{ algorithm: ALGORITHM[checksum.algorithm], checksumValue: checksum.hex }] }),
    ...(URL.canParse(homepage) ? { homepage } : {}),
    sourceInfo: `built from ${source.name}${source.version === "" ? "" : ` ${source.version}`}`,
    licenseConcluded: NONE_SAID,
    licenseDeclared: declared ?? NONE_SAID,
    // Words that are no expression at all.
    ...(declared === undefined && license !== "" ? { licenseComments: license } : {}),
    copyrightText: NONE_SAID,
    ...(description === "" ? {} : { summary: description }),
    externalRefs: [{ referenceCategory: "PACKAGE-MANAGER", referenceType: "purl", referenceLocator: purl }],
  };
}

/** Letters, digits, dots and dashes, the same for the same package in every document (SPDX 2.3, 7.2). */
function elementId({ kind, name, purl }: Component): string {
  const hash = createHash("sha256").update(purl).digest("hex").slice(0, 16);
  return `SPDXRef-Package-${kind}-${name.replaceAll(/[^A-Za-z0-9.-]+/gu, "-")}-${hash}`;
}

function relationship(from: string, type: string, to: string): object {
  return { spdxElementId: from, relationshipType: type, relatedSpdxElement: to };
}
