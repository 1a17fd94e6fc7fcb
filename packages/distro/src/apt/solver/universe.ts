import { acceptsVersion, type Dependency } from "../control/dependency.ts";
import type { AptPackage } from "../index/apt-package.ts";
import type { IndexFile } from "../index/index-file.ts";
import { compareVersions } from "../version/version.ts";

/** One index as the solver sees it. */
export interface Source {
  readonly index: IndexFile;
  /** What preferences and `pkg/suite` look at. */
  readonly release: ReleaseNames;
}

/** How the release of an index calls itself; empty where it does not say. */
export interface ReleaseNames {
  readonly origin: string;
  readonly label: string;
  /** `stable`, `bookworm-backports`. */
  readonly suite: string;
  readonly codename: string;
  /** `12.5`. */
  readonly version: string;
  readonly component: string;
  readonly architecture: string;
  /** The host part of its address; empty for a path. */
  readonly site: string;
  /** `NotAutomatic`: taken from it only what is asked for. */
  readonly notAutomatic: boolean;
  /** `ButAutomaticUpgrades`: … and what was taken from it stays up to date. */
  readonly butAutomaticUpgrades: boolean;
}

/** A name: of packages, of what packages provide, or of nothing at all. */
export interface Name {
  readonly text: string;
  /** Where the indexes mention it first; apt decides what is equal otherwise by it. */
  readonly rank: number;
  /** The packages of that name, newest first. */
  readonly versions: readonly Version[];
  readonly isEssential: boolean;
  readonly isProtected: boolean;
}

/** One version of a package, wherever it comes from. */
export interface Version {
  readonly name: Name;
  readonly package: AptPackage;
  /** In which sources it is: their places in the universe. */
  readonly sources: readonly number[];
}

/** A package under a name that it provides. */
export interface Provider {
  readonly version: Version;
  /** What it counts as under that name; undefined where it is provided without a version. */
  readonly offered: string | undefined;
}

export type NeedKind = "preDepends" | "depends" | "conflicts" | "breaks" | "recommends" | "suggests";

/** What a version asks for, or speaks against. */
export interface Need {
  readonly kind: NeedKind;
  readonly isNegative: boolean;
  /** One of these will do; of a negative need there is one. */
  readonly options: readonly Link[];
}

/** A dependency whose name is looked up. */
export interface Link {
  readonly dependency: Dependency;
  readonly name: Name;
}

/** Names of different indexes are told apart by this many places. */
const RANKS = 2 ** 24;

/**
 * All packages of some indexes for one architecture, looked up as they are asked for: a request
 * touches some hundred of a distribution's hundred thousand names.
 */
export class Universe {
  readonly sources: readonly Source[];
  readonly architecture: string;
  readonly #names = new Map<string, Name>();
  readonly #providers = new Map<Name, readonly Provider[]>();
  readonly #needs = new Map<Version, readonly Need[]>();

  constructor(sources: readonly Source[], architecture: string) {
    this.sources = sources;
    this.architecture = architecture;
  }

  /** `name`, or `name` with `:any`, `:native` or an architecture behind it. */
  name(text: string, qualifier?: string): Name {
    // What is of the one architecture there is, is that name itself.
    const isPlain = qualifier === undefined || qualifier === "native" || qualifier === this.architecture;
    const key = isPlain ? text : `${text}:${qualifier}`;
    let name = this.#names.get(key);
    if (name === undefined) {
      name = this.#makeName(key);
      this.#names.set(key, name);
    }
    return name;
  }

  /** Who provides a name, the one that was mentioned last first, as apt keeps them. */
  providersOf(name: Name): readonly Provider[] {
    let providers = this.#providers.get(name);
    if (providers === undefined) {
      providers = this.#findProviders(name);
      this.#providers.set(name, providers);
    }
    return providers;
  }

  /** In the order in which apt goes through them. */
  needsOf(version: Version): readonly Need[] {
    let needs = this.#needs.get(version);
    if (needs === undefined) {
      const owner = version.package;
      const all = (kind: NeedKind, lists: readonly (readonly Dependency[])[]): readonly Need[] =>
        lists.map((options) => ({
          kind,
          isNegative: kind === "conflicts" || kind === "breaks",
          options: options.map((dependency) => this.link(dependency)),
        }));
      needs = [
        ...all("preDepends", owner.preDepends),
        ...all("depends", owner.depends),
        ...all("conflicts", single(owner.conflicts)),
        ...all("breaks", single(owner.breaks)),
        ...all("recommends", owner.recommends),
        ...all("suggests", owner.suggests),
      ];
      this.#needs.set(version, needs);
    }
    return needs;
  }

  link(dependency: Dependency): Link {
    return { dependency, name: this.name(dependency.name, dependency.architecture) };
  }

  /** Every version that fulfils a dependency: of the name itself, newest first, then who provides it. */
  targetsOf({ dependency, name }: Link): readonly Version[] {
    return [
      ...name.versions.filter((version) => acceptsVersion(dependency, version.package.version)),
      ...this.providersOf(name)
        .filter(({ offered }) => acceptsVersion(dependency, offered))
        .map(({ version }) => version),
    ];
  }

  #makeName(text: string): Name {
    const versions: { -readonly [Key in keyof Version]: Version[Key] }[] = [];
    const name = {
      text,
      rank: Number.MAX_SAFE_INTEGER,
      versions,
      isEssential: false,
      isProtected: false,
    };
    for (const [at, { index }] of this.sources.entries()) {
      const number = index.find(text);
      if (number === undefined) continue;
      name.rank = Math.min(name.rank, at * RANKS + number);
      for (const each of index.packagesNamed(number)) {
        const found = index.package(each);
        if (found.architecture !== this.architecture && found.architecture !== "all") continue;
        const same = versions.find(({ package: { version, checksum } }) => {
          return version === found.version && checksum === found.checksum;
        });
        if (same === undefined) versions.push({ name, package: found, sources: [at] });
        else if (!same.sources.includes(at)) same.sources = [...same.sources, at];
        // apt holds itself to be essential.
        name.isEssential ||= found.isEssential || text === "apt";
        name.isProtected ||= found.isProtected || text === "apt";
      }
    }
    // What came first stays first among equals.
    versions.sort((a, b) => compareVersions(b.package.version, a.package.version));
    return name;
  }

  #findProviders(name: Name): readonly Provider[] {
    const providers: Provider[] = [];
    for (const { index } of this.sources) {
      const number = index.find(name.text);
      if (number === undefined) continue;
      for (const each of index.providersOf(number)) {
        const { version: text, checksum } = index.package(each);
        const version = this.name(index.nameOfPackage(each)).versions.find(
          ({ package: owner }) => owner.version === text && owner.checksum === checksum,
        );
        if (version !== undefined) {
          for (const offered of offersOf(version, name)) providers.push({ version, offered });
        }
      }
    }
    const seen = new Set<string>();
    return providers.toReversed().filter(({ version, offered }) => {
      const key = `${version.name.rank} ${version.package.version} ${version.package.checksum} ${offered}`;
      return !seen.has(key) && seen.add(key);
    });
  }
}

function single(list: readonly Dependency[]): readonly (readonly Dependency[])[] {
  return list.map((one) => [one]);
}

/** As which versions of `name` a package counts. */
function offersOf(version: Version, name: Name): readonly (string | undefined)[] {
  const { provides, name: own, version: ownVersion, multiArch } = version.package;
  const offers: (string | undefined)[] = [];
  if (multiArch === "allowed" && name.text === `${own}:any`) offers.push(ownVersion);
  for (const { name: provided, architecture, relation, version: offered } of provides) {
    if (relation !== undefined && relation !== "=") continue;
    const texts = architecture === undefined ? [provided] : [`${provided}:${architecture}`];
    if (architecture === undefined && multiArch === "allowed") texts.push(`${provided}:any`);
    // What provides itself in its own version says nothing new.
    const isSelf = provided === own && (offered === undefined || offered === ownVersion);
    if (texts.includes(name.text) && !(isSelf && name.text === own)) offers.push(offered);
  }
  return offers;
}
