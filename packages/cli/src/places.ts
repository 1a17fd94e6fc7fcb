import { makeResolver, resolver } from "@cooper/build";
import { familiarName, parseDockerName, parsePlatform } from "@cooper/oci";
import type { Content, Image, Index, Platform, Scope } from "@cooper/oci";
import { isFault } from "@cooper/sys";
import { openReference, openStore, selectImage, write } from "@cooper/transport";
import type { OpenOptions, Opened, PlaceOptions, RegistryOptions, Resolver } from "@cooper/transport";
import { printable } from "./display/printable.ts";
import type { Terminal } from "./display/terminal.ts";
import { showTransfer } from "./display/transfer.ts";
import { CliError } from "./errors.ts";
import { flag, registryFlags, texts } from "./flags.ts";
import type { RegistryFlags } from "./flags.ts";
import { packageMaking } from "./packages.ts";
import type { PackageFlags } from "./packages.ts";

/** For commands that look at one image: which one of an index. */
export type PlatformFlag = { readonly platform?: Platform | undefined };

export const platformFlag = {
  platform: {
    kind: "parsed",
    parse: parsePlatform,
    optional: true,
    brief: "Of an index, the image for this platform",
    placeholder: "OS/ARCH",
  },
} as const;

/** For commands that can work on several platforms. */
export type PlatformsFlag = { readonly platform?: readonly Platform[] | undefined };

export const platformsFlag = {
  platform: {
    kind: "parsed",
    parse: parsePlatform,
    optional: true,
    variadic: ",",
    brief: "Of an index, only these platforms; default: all",
    placeholder: "OS/ARCH",
  },
} as const;

/** For commands that change the images of an index: what becomes of attestations about the old ones. */
export type ScopeFlags = PlatformsFlag & { readonly keepAttestations?: boolean | undefined };

export const scopeFlags = {
  platform: { ...platformsFlag.platform, brief: "Of an index, change only these platforms; default: all" },
  keepAttestations: flag("Keep attestations of images that change, though they speak of the old ones"),
} as const;

export function scopeOf(flags: ScopeFlags): Scope {
  return { platforms: flags.platform, attestations: flags.keepAttestations === true ? "keep" : "drop" };
}

/** For commands that make an image: where it goes. */
export type OutputFlags = RegistryFlags & {
  readonly output?: readonly string[] | undefined;
  readonly tag?: readonly string[] | undefined;
};

export const outputFlags = {
  ...registryFlags,
  output: texts("Write it there: oci:DIR:TAG, docker://…, docker-archive:FILE …; may be given again", "DEST"),
  tag: texts("Write it into Cooper's store under this name; may be given again", "NAME"),
} as const;

/** Short forms of `outputFlags`. */
export const outputAliases = { o: "output", t: "tag" } as const;

/** A reference as an argument; the shell completes schemes and the names in the store. */
export function referenceArgument(brief: string): {
  readonly placeholder: string;
  readonly brief: string;
  readonly parse: (input: string) => string;
  readonly proposeCompletions: () => Promise<readonly string[]>;
} {
  return { placeholder: "ref", brief, parse: String, proposeCompletions: proposeReferences };
}

async function proposeReferences(): Promise<readonly string[]> {
  const store = openStore();
  try {
    const names = (await store.images()).flatMap(({ name }) =>
      name === undefined ? [] : [familiarName(parseDockerName(name))],
    );
    return [...names, ...[...resolver.schemes.keys()].map((scheme) => `${scheme}:`)];
  } finally {
    await store.close();
  }
}

/** How registries are spoken to, as the flags say; what they warn of is a note. */
export function registryOptions(terminal: Terminal, flags: RegistryFlags): RegistryOptions {
  return {
    insecure: flags.insecure,
    authFile: flags.authFile,
    onWarning: ({ host, text: warning }) => terminal.note(`${host} warns: ${printable(warning)}`),
  };
}

/** How references are read and written, as the flags say. `LOCK_INVALID` */
export function placeOptions(
  terminal: Terminal,
  flags: RegistryFlags,
  packages: PackageFlags = {},
): PlaceOptions & { readonly resolver: Resolver } {
  return {
    resolver: makeResolver({ packages: packageMaking(terminal, packages) }),
    registry: registryOptions(terminal, flags),
    signal: terminal.signal,
  };
}

/** Opens what `reference` names, hands it to `use` and closes it whatever happens. */
export async function withOpened<T>(
  reference: string,
  options: OpenOptions,
  use: (opened: Opened) => Promise<T>,
): Promise<T> {
  const opened = await openReference(reference, options);
  try {
    return await use(opened);
  } finally {
    await opened.close();
  }
}

/** As `withOpened`, for several references at once. */
export async function withAllOpened<T>(
  references: readonly string[],
  options: OpenOptions,
  use: (contents: readonly Content[]) => Promise<T>,
): Promise<T> {
  const opened: Opened[] = [];
  try {
    for (const reference of references) opened.push(await openReference(reference, options));
    return await use(opened.map(({ content }) => content));
  } finally {
    for (const each of opened) await each.close();
  }
}

/** `ARGUMENT_INVALID` for what is no index. */
export function requireIndex(content: Content, reference: string): Index {
  if (content.kind === "index") return content;
  throw new CliError("ARGUMENT_INVALID", `${reference} is an image, not an index`, "See: cooper inspect");
}

/** As `withOpened`, for one image: of an index, the one for the platform, or for this machine. */
export async function withImage<T>(
  reference: string,
  options: OpenOptions,
  use: (image: Image, opened: Opened) => Promise<T>,
): Promise<T> {
  return await withOpened(reference, options, async (opened) => {
    const { signal } = options;
    return await use(await selectImage(opened.content, { signal }), opened);
  });
}

/** The image of an index for a platform, or for this machine; undefined where it has none. */
export async function imageOf(
  index: Index,
  options: { readonly platform?: Platform | undefined; readonly signal: AbortSignal },
): Promise<Image | undefined> {
  try {
    return await selectImage(index, options);
  } catch (error) {
    if (isFault(error, "NO_SUCH_PLATFORM")) return undefined;
    throw error;
  }
}

/** Writes what a command made to all its destinations and prints the digest. `ARGUMENT_INVALID` */
export async function writeOutput(terminal: Terminal, flags: OutputFlags, content: Content): Promise<void> {
  const [first, ...others] = destinationsOf(flags);
  if (first === undefined) {
    throw new CliError(
      "ARGUMENT_INVALID",
      "nothing says where the image goes",
      "Give -o DEST (oci:DIR:TAG, docker://HOST/REPO:TAG, …) or -t NAME for Cooper's store.",
    );
  }
  const options = { ...placeOptions(terminal, flags), onEvent: showTransfer(terminal.progress) };
  const { digest } = await write(content, first, options);
  for (const destination of others) await write(content, destination, options);
  terminal.answer(digest);
}

/** Every reference that a command is to write to. */
export function destinationsOf({ output = [], tag = [] }: OutputFlags): readonly string[] {
  return [...output, ...tag.map((name) => `store:${name}`)];
}
