import { isDigest } from "./digest.ts";
import type { Digest } from "./digest.ts";
import { OciError } from "./errors.ts";

/** A repository of a registry, and what to take from it: as Docker reads it, with nothing left to guess. */
export interface DockerName {
  /** Host, and port if there is one: `docker.io`, `localhost:5000`, `[::1]:5000`. */
  readonly host: string;
  /** `library/alpine`. */
  readonly repository: string;
  readonly tag?: string | undefined;
  readonly digest?: Digest | undefined;
}

/** The registry that a name without a host means. */
const DEFAULT_HOST = "docker.io";
const DEFAULT_TAG = "latest";

/**
 * Reads a name as Docker does (github.com/distribution/reference, ParseNormalizedNamed and
 * TagNameOnly): the default host, its `library/`, and `latest` where there is neither tag nor
 * digest. `what` is the reference as it was given, for the message. `INVALID_REFERENCE`
 */
export function parseDockerName(text: string, what: string = text): DockerName {
  if (text === "") throw invalid(what, "it is empty");
  if (/^[0-9a-f]{64}$/.test(text)) {
    // Docker takes 64 hexadecimal digits for an image's id, and refuses them as a name.
    throw invalid(
      what,
      "64 hexadecimal digits are an image's id and not a name",
      `Write name@sha256:${text}.`,
    );
  }
  const { host, rest } = splitHost(text);
  const { name, digest } = splitDigest(rest, what);
  const colon = name.lastIndexOf(":");
  const repository = colon === -1 ? name : name.slice(0, colon);
  const tag = colon === -1 ? undefined : name.slice(colon + 1);
  checkHost(host, what);
  checkRepository(repository, what);
  if (tag !== undefined && !isTag(tag)) {
    throw invalid(
      what,
      `${JSON.stringify(tag)} is not a tag`,
      "A tag is up to 128 letters, digits, _ . and -, and begins with neither . nor -.",
    );
  }
  return normalized(host, repository, tag, digest);
}

/** The whole name: `docker.io/library/alpine:3@sha256:…`. */
export function formatDockerName({ host, repository, tag, digest }: DockerName): string {
  return `${host}/${repository}${tag === undefined ? "" : `:${tag}`}${digest === undefined ? "" : `@${digest}`}`;
}

/** The name as Docker shows it to people: `alpine:3`. It reads back as the same name. */
export function familiarName(name: DockerName): string {
  const whole = formatDockerName(name);
  for (const prefix of [`${DEFAULT_HOST}/library/`, `${DEFAULT_HOST}/`]) {
    if (!whole.startsWith(prefix)) continue;
    const short = whole.slice(prefix.length);
    // `docker.io/library/a/b` may not become `a/b`, nor `docker.io/localhost/a` become `localhost/a`.
    if (reads(short, whole)) return short;
  }
  return whole;
}

/** Whether this can be a tag (distribution-spec, Pulling manifests). */
export function isTag(text: string): boolean {
  return /^\w[\w.-]{0,127}$/.test(text);
}

/** Whether this can be the name of a repository, without a host (distribution-spec, Pulling manifests). */
export function isRepositoryName(text: string): boolean {
  return text.length <= 255 && REPOSITORY.test(text);
}

// The grammar is in the comment of distribution/reference's reference.go.
const COMPONENT = "[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*";
const REPOSITORY = new RegExp(`^${COMPONENT}(?:/${COMPONENT})*$`);
const LABEL = "[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?";
const HOST = new RegExp(`^(?:${LABEL}(?:\\.${LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?$`);

function splitHost(text: string): { readonly host: string; readonly rest: string } {
  const slash = text.indexOf("/");
  const first = text.slice(0, Math.max(slash, 0));
  // A first part without a dot, a colon or a capital is a part of the path, unless it is localhost.
  if (slash === -1 || (!/[.:A-Z]/.test(first) && first !== "localhost"))
    return { host: DEFAULT_HOST, rest: text };
  return { host: first, rest: text.slice(slash + 1) };
}

function splitDigest(text: string, what: string): { readonly name: string; readonly digest?: Digest } {
  const at = text.indexOf("@");
  if (at === -1) return { name: text };
  const digest = text.slice(at + 1);
  // Docker wants at least 32 hexadecimal digits, also of an algorithm that it does not know.
  if (!isDigest(digest) || !/:[0-9a-fA-F]{32,}$/.test(digest)) {
    throw invalid(
      what,
      `${JSON.stringify(digest)} is not a digest`,
      "A digest is sha256: and 64 lower-case hexadecimal digits.",
    );
  }
  return { name: text.slice(0, at), digest };
}

function checkHost(host: string, what: string): void {
  if (!HOST.test(host)) {
    throw invalid(
      what,
      `${JSON.stringify(host)} is not a host`,
      "A host is a name or an address, and :PORT if needed.",
    );
  }
}

function checkRepository(repository: string, what: string): void {
  if (isRepositoryName(repository)) return;
  if (/[A-Z]/.test(repository)) {
    const lower = repository.toLowerCase();
    throw invalid(what, `the repository ${JSON.stringify(repository)} has capitals`, `Write ${lower}.`);
  }
  if (repository.length > 255) throw invalid(what, "the repository has more than 255 characters");
  throw invalid(
    what,
    `${JSON.stringify(repository)} is not a repository`,
    "A repository is lower-case letters and digits, with single . _ / or any number of - between them.",
  );
}

function normalized(
  host: string,
  repository: string,
  tag: string | undefined,
  digest: Digest | undefined,
): DockerName {
  const isDefault = host === DEFAULT_HOST || host === "index.docker.io";
  const effectiveTag = tag ?? (digest === undefined ? DEFAULT_TAG : undefined);
  return {
    host: isDefault ? DEFAULT_HOST : host,
    repository: isDefault && !repository.includes("/") ? `library/${repository}` : repository,
    ...(effectiveTag === undefined ? {} : { tag: effectiveTag }),
    ...(digest === undefined ? {} : { digest }),
  };
}

function reads(short: string, whole: string): boolean {
  try {
    return formatDockerName(parseDockerName(short)) === whole;
  } catch {
    return false;
  }
}

export function invalid(what: string, reason: string, advice?: string): OciError {
  const shown = what.length > 300 ? `${what.slice(0, 300)}…` : what;
  return new OciError("INVALID_REFERENCE", `${JSON.stringify(shown)} is not a reference: ${reason}`, {
    kind: "usage",
    fields: { reference: shown },
    ...(advice === undefined ? {} : { advice }),
  });
}
