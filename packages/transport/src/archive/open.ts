import type { Cancellable } from "@cooper/archive";
import { LayoutRepository } from "../layout/repository.ts";
import { DockerArchive } from "./docker-archive.ts";
import { TarFiles } from "./tar-files.ts";

/**
 * Opens an OCI layout in a tar, compressed or not. It is read where it lies; only what is compressed
 * is written out once, to a temporary file. `FILE_MISSING`, `ARCHIVE_INVALID`
 */
export async function openOciArchive(path: string, options: Cancellable = {}): Promise<LayoutRepository> {
  return new LayoutRepository(await TarFiles.open(path, `oci-archive:${path}`, options));
}

/** Opens what `docker save` and others write, of any age. As `openOciArchive`. */
export async function openDockerArchive(path: string, options: Cancellable = {}): Promise<DockerArchive> {
  return await DockerArchive.open(await TarFiles.open(path, `docker-archive:${path}`, options));
}
