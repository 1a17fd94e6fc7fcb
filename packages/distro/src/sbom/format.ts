import { digestBytes, type Descriptor, type Image, layerFromBlob, makeArtifact } from "@cooper/oci";
import { fromBytes } from "@cooper/archive";
import type { Sbom } from "./sbom.ts";

export type SbomFormat = "spdx" | "cyclonedx";

/** What each format is called in a registry. */
export const SBOM_MEDIA_TYPES: Readonly<Record<SbomFormat, string>> = {
  spdx: "application/spdx+json",
  cyclonedx: "application/vnd.cyclonedx+json",
};

/** An SBOM in a format, JSON. The same one gives the same bytes. */
export async function formatSbom(sbom: Sbom, format: SbomFormat): Promise<string> {
  return format === "spdx"
    ? (await import("./spdx.ts")).formatSpdx(sbom)
    : (await import("./cyclonedx.ts")).formatCycloneDx(sbom);
}

/** An SBOM as a manifest that refers to what it is about (image-spec, manifest.md, subject). */
export function sbomArtifact(text: string, format: SbomFormat, subject: Descriptor): Image {
  const bytes = Buffer.from(text);
  const mediaType = SBOM_MEDIA_TYPES[format];
  const blob = layerFromBlob({
    descriptor: { mediaType, digest: digestBytes(bytes), size: bytes.length },
    open: () => fromBytes(bytes),
  });
  return makeArtifact({ artifactType: mediaType, blobs: [blob], subject });
}
