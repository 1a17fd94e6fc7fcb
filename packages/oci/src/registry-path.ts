import { invalid, isRepositoryName, isTag, parseDockerName } from "./docker-name.ts";
import { formatReference, isMakerScheme, isTransformScheme, parseReference } from "./reference.ts";
import type { DockerReference, MakerReference, MakerScheme, Reference } from "./reference.ts";
import { decodeComponent, decodeRelease, encodeComponent, encodeRelease } from "./registry-spelling.ts";

/** How a registry that makes images calls one: `apt/curl/jq` and `bookworm`. */
export interface RegistryPath {
  readonly repository: string;
  readonly tag: string;
}

/** The tag that clients put where none is given; here it stands for none. */
const NO_TAG = "latest";

/**
 * The name of a made image in a registry that makes it. The schemes come first, each a component:
 * `flatten:docker://alpine:3` is `flatten/docker.io/library/alpine` and `3`, `apt:g++:bookworm` is
 * `apt/g__p__p` and `bookworm`. What a name cannot hold is escaped (docs/on-demand.md); reading it
 * with `referenceOfPath` gives the same image. `INVALID_REFERENCE` where it has no such name.
 */
export function registryPathOf(given: string | Reference): RegistryPath {
  const reference = typeof given === "string" ? parseReference(given) : given;
  const what = formatReference(reference);
  if (!("rest" in reference)) {
    throw invalid(
      what,
      "a registry makes nothing of it",
      "Put a transform in front of it, such as mirror: or flatten:.",
    );
  }
  const { components, tag } = pathOf(reference, what);
  const repository = components.join("/");
  if (!isRepositoryName(repository)) {
    throw invalid(what, `as a repository it is ${JSON.stringify(repository)}, which no client takes`);
  }
  if (!isTag(tag)) throw invalid(what, `its tag would be ${JSON.stringify(tag)}, which is none`);
  return { repository, tag };
}

/** What a registry is to make for a name: the reverse of `registryPathOf`. `INVALID_REFERENCE` */
export function referenceOfPath({ repository, tag }: RegistryPath): MakerReference {
  const [scheme = "", ...components] = repository.split("/");
  if (!isMakerScheme(scheme)) throw invalid(repository, `${JSON.stringify(scheme)} makes nothing`);
  if (!isRepositoryName(repository)) throw invalid(repository, "it is not a repository");
  if (!isTag(tag)) throw invalid(`${repository}:${tag}`, `${JSON.stringify(tag)} is not a tag`);
  return makerOf(scheme, components, { repository, tag });
}

interface Spelled {
  readonly components: readonly string[];
  readonly tag: string;
}

function pathOf({ scheme, rest }: MakerReference, what: string): Spelled {
  if (!isTransformScheme(scheme)) {
    const { name, release } = splitRelease(rest);
    return {
      components: [scheme, ...name.split("/").map((part) => encodeComponent(part, what))],
      tag: release === undefined ? NO_TAG : encodeRelease(release, what),
    };
  }
  const inner = parseReference(rest);
  const spelled = "rest" in inner ? pathOf(inner, what) : imagePath(inner, what);
  return { components: [scheme, ...spelled.components], tag: spelled.tag };
}

/** An image of a registry: its digest, if it has one, belongs to the last component. */
function imagePath(reference: Reference, what: string): Spelled {
  if (reference.scheme !== "docker") {
    throw invalid(what, `${reference.scheme}: is on this machine, and not in a registry`);
  }
  const { host, repository, tag, digest } = reference;
  const place = `${host}/${repository}${digest === undefined ? "" : `@${digest}`}`;
  return {
    components: place.split("/").map((part) => encodeComponent(part, what)),
    tag: tag ?? NO_TAG,
  };
}

function makerOf(scheme: MakerScheme, components: readonly string[], path: RegistryPath): MakerReference {
  const { repository, tag } = path;
  const [next = ""] = components;
  if (next === "") throw invalid(repository, `nothing follows ${scheme}`);
  if (!isTransformScheme(scheme)) {
    const name = components.map((part) => decodeComponent(part, repository)).join("/");
    return { scheme, rest: tag === NO_TAG ? name : `${name}:${decodeRelease(tag, repository)}` };
  }
  const inner = isMakerScheme(next) ? makerOf(next, components.slice(1), path) : imageOf(components, path);
  return { scheme, rest: formatReference(inner) };
}

function imageOf(components: readonly string[], { repository, tag }: RegistryPath): DockerReference {
  const place = components.map((part) => decodeComponent(part, repository)).join("/");
  const isPinned = place.includes("@");
  const at = place.indexOf("@");
  const name = isPinned ? `${place.slice(0, at)}:${tag}${place.slice(at)}` : `${place}:${tag}`;
  const parsed = parseDockerName(name, repository);
  // With a digest, a tag that no one has given says nothing.
  const { tag: _, ...pinned } = parsed;
  return { scheme: "docker", ...(isPinned && tag === NO_TAG ? pinned : parsed) };
}

/**
 * The release after the last colon: `curl/jq:bookworm`. The colon of an epoch, which follows the
 * digits after an `=`, belongs to the version: `vim=2:9.0`.
 */
function splitRelease(rest: string): { readonly name: string; readonly release: string | undefined } {
  const colon = rest.lastIndexOf(":");
  if (colon === -1 || /=\d+$/.test(rest.slice(0, colon))) return { name: rest, release: undefined };
  return { name: rest.slice(0, colon), release: rest.slice(colon + 1) };
}
