import { formatPlatform, filterIndex, matchPlatform, openContent, platformsOf } from "@cooper/oci";
import type { Content, DockerReference, Platform } from "@cooper/oci";
import { ANONYMOUS, openRegistryRepository, RegistryClient } from "@cooper/transport";
import type { RegistryOptions, RegistryRepository, RepositoryName, Scheme } from "@cooper/transport";
import { RegistryError } from "../errors.ts";

/** Registries that images are taken from because a visitor names them. */
export interface Upstream {
  /** As it stands in references: `docker.io`. `*.example.org` is every host below, `*` every host. */
  readonly host: string;
  /**
   * "public": only addresses on the public internet, also after redirects and whatever a name leads to.
   * Default: that for patterns, and "any" for a host that is named here.
   */
  readonly addresses?: "public" | "any" | undefined;
  /** "docker": what Docker's configuration of the registry's own user says. Default "none". */
  readonly credentials?: "none" | "docker" | undefined;
  /** Trust any certificate, and plain HTTP. */
  readonly insecure?: boolean | undefined;
}

/** Every registry with a public address, without credentials. */
export const DEFAULT_UPSTREAMS: readonly Upstream[] = [{ host: "*" }];

/** Repositories that stay open, with their tokens. */
const MAX_OPEN = 500;

/** The way to other registries, for a visitor who names one. */
export class Upstreams {
  readonly #list: readonly { readonly upstream: Upstream; readonly client: RegistryClient }[];
  readonly #open = new Map<string, RegistryRepository>();

  constructor(list: readonly Upstream[], options: RegistryOptions = {}) {
    this.#list = list.map((upstream) => ({
      upstream,
      client: new RegistryClient({ ...options, ...optionsOf(upstream) }),
    }));
  }

  /** A repository of an upstream. `DENIED` where the list has no such host. */
  repository({ host, repository }: RepositoryName): RegistryRepository {
    const name = `${host}/${repository}`;
    const known = this.#open.get(name);
    this.#open.delete(name);
    const entry = this.#list.find(({ upstream }) => isMatch(upstream.host, host));
    if (entry === undefined) {
      throw new RegistryError("DENIED", `nothing is taken from ${host} here`, {
        fields: { host },
        advice: `The registry's operator allows ${this.#names()}`,
      });
    }
    const opened = known ?? openRegistryRepository({ host, repository }, { client: entry.client });
    this.#open.set(name, opened);
    const [oldest] = this.#open.keys();
    if (this.#open.size > MAX_OPEN && oldest !== undefined) this.#open.delete(oldest);
    return opened;
  }

  /** References to registries as makers read them: only to upstreams, only these platforms of an index. */
  scheme(platforms: readonly Platform[]): Scheme<DockerReference> {
    return {
      name: "docker",
      open: async (reference, { signal }) => {
        const repository = this.repository(reference);
        const { digest, tag = "latest" } = reference;
        const descriptor = await repository.resolve(digest === undefined ? { tag } : { digest }, { signal });
        const whole = openContent(repository, descriptor);
        const { content, kept } = await withPlatforms(whole, platforms, signal);
        return {
          content,
          inputs: kept.length === 0 ? descriptor.digest : `${descriptor.digest} for ${kept.join(" ")}`,
        };
      },
    };
  }

  async close(): Promise<void> {
    await Promise.all(this.#list.map(async ({ client }) => await client.close()));
  }

  #names(): string {
    const names = this.#list.map(({ upstream }) => upstream.host);
    return names.length === 0 ? "no registry" : names.join(", ");
  }
}

function optionsOf({ host, addresses, credentials, insecure }: Upstream): RegistryOptions {
  return {
    addresses: (addresses ?? (host.includes("*") ? "public" : "any")) === "public" ? "public" : "any",
    ...(credentials === "docker" ? {} : { credential: ANONYMOUS }),
    ...(insecure === undefined ? {} : { insecure }),
  };
}

function isMatch(pattern: string, host: string): boolean {
  if (pattern === "*" || pattern === host) return true;
  return pattern.startsWith("*.") && host.endsWith(pattern.slice(1));
}

/** Of an index, the images for these platforms, if it has any of them; else all that it has. */
async function withPlatforms(
  content: Content,
  platforms: readonly Platform[],
  signal: AbortSignal | undefined,
): Promise<{ readonly content: Content; readonly kept: readonly string[] }> {
  if (content.kind === "image") return { content, kept: [] };
  const offered = await platformsOf(content, { signal });
  const kept = platforms.filter((wanted) => offered.some(({ platform }) => matchPlatform(wanted, platform)));
  if (kept.length === 0) return { content, kept: [] };
  return { content: filterIndex(content, kept), kept: kept.map((platform) => formatPlatform(platform)) };
}
