import { familiarName, isManifestType, parseDockerName } from "@cooper/oci";
import type { Descriptor } from "@cooper/oci";
import { blobPath } from "../layout/files.ts";
import { CONTAINERD_NAME, type IndexFile, REF_NAME } from "../layout/index-file.ts";
import { ArchiveWriter, type Put } from "./writer.ts";

/**
 * Writes what `docker save` of 25 and later writes: an OCI layout that also has the `manifest.json`
 * that every Docker and podman reads. So the image keeps its digest for whoever reads the layout.
 */
export class DockerArchiveWriter extends ArchiveWriter {
  /** The image's name stands in `index.json` as containerd writes it: whole, and its tag. */
  protected override list(index: IndexFile, put: Put): IndexFile {
    const listed = super.list(index, { ...put, tag: undefined });
    if (put.tag === undefined) return listed;
    const { host, repository, tag } = parseDockerName(put.tag);
    const annotations = {
      [CONTAINERD_NAME]: `${host}/${repository}:${tag ?? "latest"}`,
      [REF_NAME]: tag ?? "latest",
    };
    const name = (entry: Descriptor): Descriptor =>
      entry.digest === put.descriptor.digest ? { ...entry, annotations } : entry;
    return { ...listed, manifests: listed.manifests.map(name) };
  }

  protected override lastFiles(): readonly (readonly [path: string, bytes: Uint8Array])[] {
    const images = this.puts.flatMap(({ descriptor, facts, tag }) => {
      const [config, ...layers] = facts?.names ?? [];
      if (config === undefined || !isManifestType(descriptor.mediaType)) return [];
      return {
        Config: blobPath(config.digest),
        RepoTags: tag === undefined ? null : [familiarName(parseDockerName(tag))],
        Layers: layers.map(({ digest }) => blobPath(digest)),
      };
    });
    return [["manifest.json", Buffer.from(JSON.stringify(images))]];
  }
}
