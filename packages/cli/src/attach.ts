import type { Plan, Source } from "@cooper/build";
import { formatSbom, isLockOfCompiled, sbomArtifact, type SbomFormat, sbomOfImage } from "@cooper/distro";
import {
  type Digest,
  type DockerReference,
  formatReference,
  type Image,
  type LayoutReference,
  type NamedReference,
  parseReference,
  type Reference,
} from "@cooper/oci";
import { write } from "@cooper/transport";
import type { Terminal } from "./display/terminal.ts";
import { CliError } from "./errors.ts";
import type { RegistryFlags } from "./flags.ts";
import { destinationsOf, type OutputFlags, placeOptions } from "./places.ts";

/** A place where something can lie beside an image. `ARGUMENT_INVALID`: an archive is written anew. */
function attachable(place: Reference | string): DockerReference | LayoutReference | NamedReference {
  const reference = typeof place === "string" ? parseReference(place) : place;
  if (reference.scheme === "docker" || reference.scheme === "oci" || reference.scheme === "store")
    return reference;
  throw new CliError(
    "ARGUMENT_INVALID",
    `nothing can be attached in ${formatReference(reference)}`,
    "Copy the image to a registry, an OCI layout or the store first.",
  );
}

/** Puts an SBOM beside the image that it is about, and gives its digest. `ARGUMENT_INVALID` */
export async function attachSbom(
  terminal: Terminal,
  flags: RegistryFlags,
  place: Reference | string,
  image: Image,
  document: string,
  format: SbomFormat,
): Promise<Digest> {
  const reference = attachable(place);
  const { signal } = terminal;
  const artifact = sbomArtifact(document, format, await image.descriptor({ signal }));
  const digest = await artifact.digest({ signal });
  await write(artifact, { ...reference, tag: undefined, digest }, placeOptions(terminal, flags));
  return digest;
}

/**
 * Puts an SBOM to each place that an image was written to. What a program was compiled of, the source
 * that was built knows, not the image.
 */
export async function attachSboms(
  terminal: Terminal,
  flags: OutputFlags,
  format: SbomFormat,
  image: Image,
  { source, plan }: { readonly source: Source; readonly plan: Plan },
): Promise<void> {
  const { signal } = terminal;
  const isCompiled = plan.providers.some((name) => name === "go" || name === "rust");
  const locks = isCompiled ? source.paths.filter(isLockOfCompiled) : [];
  const beside = locks.map((path) => ({ path, text: source.text(path) ?? "" }));
  for (const destination of destinationsOf(flags)) {
    const document = await formatSbom(await sbomOfImage(image, destination, { beside, signal }), format);
    const digest = await attachSbom(terminal, flags, destination, image, document, format);
    terminal.note(`${destination} has its SBOM beside it: ${digest}`);
  }
}

/** `ARGUMENT_INVALID` where one of these places takes nothing beside an image. */
export function requireAttachable(places: readonly string[]): void {
  for (const place of places) attachable(place);
}

/** `ARGUMENT_INVALID`: a description of packages is made by itself. */
export function noSbomOf(path: string): CliError {
  return new CliError(
    "ARGUMENT_INVALID",
    `--sbom is for what is built from source, and ${path} describes packages`,
    "Make the image, then: cooper sbom --attach REF",
  );
}
