import { isDigest } from "./digest.ts";
import type { Digest } from "./digest.ts";
import { formatDockerName, invalid, parseDockerName } from "./docker-name.ts";
import type { DockerName } from "./docker-name.ts";

/** Schemes whose references say how an image is made, or what is done to another reference. */
export const MAKER_SCHEMES = [
  "apt",
  "apk",
  "nix",
  "npm",
  "git",
  "flatten",
  "estargz",
  "slim",
  "mirror",
  "zstd",
  "random",
] as const;
export type MakerScheme = (typeof MAKER_SCHEMES)[number];

/** An image of a registry. */
export interface DockerReference extends DockerName {
  readonly scheme: "docker";
}

/** An image of an OCI layout (a directory), or of an archive (one file). */
export interface LayoutReference {
  readonly scheme: "oci" | "oci-archive";
  readonly path: string;
  /** The annotation `org.opencontainers.image.ref.name`: more than a tag of a registry can be. */
  readonly tag?: string | undefined;
  readonly digest?: Digest | undefined;
}

/** An image of an archive as `docker save` writes it. */
export interface DockerArchiveReference {
  readonly scheme: "docker-archive";
  readonly path: string;
  /** As it stands in `RepoTags`: `alpine:3`, or `@N` for the image with that index. */
  readonly tag?: string | undefined;
  readonly digest?: Digest | undefined;
}

/** An image of a Docker engine, or of Cooper's own store. */
export interface NamedReference {
  readonly scheme: "docker-daemon" | "store";
  /** Normalised as Docker does: `docker.io/library/alpine`; or, of an engine, an image's id `sha256:…`. */
  readonly name: string;
  readonly tag?: string | undefined;
  readonly digest?: Digest | undefined;
}

/** A directory to make an image from. */
export interface DirectoryReference {
  readonly scheme: "dir";
  readonly path: string;
}

const TRANSFORM_SCHEMES: ReadonlySet<string> = new Set(["estargz", "flatten", "mirror", "slim", "zstd"]);

/** What only a maker or a transform understands: for `flatten` and its like, `rest` is a reference again. */
export interface MakerReference {
  readonly scheme: MakerScheme;
  readonly rest: string;
}

/** What names an image (design, "References"). */
export type Reference =
  | DockerReference
  | LayoutReference
  | DockerArchiveReference
  | NamedReference
  | DirectoryReference
  | MakerReference;

/**
 * A reference from text. A first word that is a scheme, with a colon after it, is the scheme;
 * everything else is read as Docker reads it, so `alpine:3` is a registry's image and an image that
 * has a scheme's name is written with `docker://`. Of `oci:`, `oci-archive:` and `docker-archive:`
 * the path ends at the first colon, as for skopeo: a path cannot hold one. `INVALID_REFERENCE`
 */
export function parseReference(text: string): Reference {
  const scheme = /^([a-z][a-z0-9+.-]*):/.exec(text)?.[1] ?? "";
  const rest = text.slice(scheme.length + 1);
  switch (scheme) {
    case "oci":
    case "oci-archive":
      return { scheme, ...splitPath(rest, text, isRefName) };
    case "docker-archive":
      return { scheme, ...splitPath(rest, text, isArchiveTag) };
    case "docker-daemon":
      // alpine:3 has a digest's grammar as well: only what is as long as a hash is an image's id.
      return isDigest(rest) && /:[0-9a-f]{32,}$/.test(rest)
        ? { scheme, name: rest }
        : named(scheme, rest, text);
    case "store":
      return named(scheme, rest, text);
    case "dir":
      if (rest === "") throw invalid(text, "it names no directory");
      return { scheme, path: rest };
    default:
      return isMakerScheme(scheme) ? maker(scheme, rest, text) : parseRemote(text);
  }
}

/** The whole reference as text, with its scheme: what reads back as the same reference. */
export function formatReference(reference: Reference): string {
  if (reference.scheme === "docker") return `docker://${formatDockerName(reference)}`;
  if ("rest" in reference) return `${reference.scheme}:${reference.rest}`;
  if (reference.scheme === "dir") return `dir:${reference.path}`;
  const place = "path" in reference ? reference.path : reference.name;
  return `${reference.scheme}:${place}${selectorOf(reference)}`;
}

/** Whether a reference with this scheme is made, not found. */
export function isMakerScheme(scheme: string): scheme is MakerScheme {
  return (MAKER_SCHEMES as readonly string[]).includes(scheme);
}

/** Whether what follows this scheme is a reference again. */
export function isTransformScheme(scheme: MakerScheme): boolean {
  return TRANSFORM_SCHEMES.has(scheme);
}

interface Selected {
  readonly tag?: string | undefined;
  readonly digest?: Digest | undefined;
}

function selectorOf({ tag, digest }: Selected): string {
  return `${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}

function parseRemote(text: string): DockerReference {
  const name = text.startsWith("docker://") ? text.slice("docker://".length) : text;
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.exec(name)?.[0];
  if (url !== undefined) {
    throw invalid(text, `${url} is not a scheme of references`, `Write docker://${name.slice(url.length)}.`);
  }
  if (/^[./]/.test(name)) {
    throw invalid(text, "it looks like a path", `Write oci:${name} for a layout, or dir:${name} for files.`);
  }
  return { scheme: "docker", ...parseDockerName(name, text) };
}

function maker(scheme: MakerScheme, rest: string, text: string): MakerReference {
  if (rest === "") throw invalid(text, `nothing follows ${scheme}:`);
  return { scheme, rest };
}

function named(scheme: NamedReference["scheme"], rest: string, text: string): NamedReference {
  const { host, repository, ...selected } = parseDockerName(rest, text);
  return { scheme, name: `${host}/${repository}`, ...selected };
}

function splitPath(
  rest: string,
  text: string,
  isValidTag: (tag: string) => boolean,
): Selected & { readonly path: string } {
  // Only a digest that may stand there is one: a path may have an @.
  const at = rest.lastIndexOf("@");
  const last = rest.slice(at + 1);
  const digest = at !== -1 && isDigest(last) && /:[0-9a-fA-F]{32,}$/.test(last) ? last : undefined;
  const place = digest === undefined ? rest : rest.slice(0, at);
  const colon = place.indexOf(":");
  const path = colon === -1 ? place : place.slice(0, colon);
  const tag = colon === -1 ? undefined : place.slice(colon + 1);
  if (path === "") throw invalid(text, "it names no path");
  if (tag !== undefined && !isValidTag(tag)) {
    throw invalid(
      text,
      `${JSON.stringify(tag)} is not a tag`,
      "What follows the first colon is the tag: a path that has a colon needs a link with another name.",
    );
  }
  return { path, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

// image-spec, annotations.md, "org.opencontainers.image.ref.name"
function isRefName(tag: string): boolean {
  return /^[A-Za-z0-9]+(?:(?:[-._:@+]|--)[A-Za-z0-9]+)*(?:\/[A-Za-z0-9]+(?:(?:[-._:@+]|--)[A-Za-z0-9]+)*)*$/.test(
    tag,
  );
}

function isArchiveTag(tag: string): boolean {
  if (/^@\d+$/.test(tag)) return true;
  try {
    parseDockerName(tag);
    return true;
  } catch {
    return false;
  }
}
