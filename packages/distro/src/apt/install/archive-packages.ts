import { type ByteStream, type Cancellable, readFileStream, type TarInput } from "@cooper/archive";
import { type Digest, parseDigest } from "@cooper/oci";
import type { Context } from "../../ecosystem/context.ts";
import type { MemberOptions } from "../../ecosystem/ecosystem.ts";
import type { Solution, SolvedPackage } from "../../ecosystem/solution.ts";
import type { PackageBytes } from "../../rootfs/node.ts";
import type { DebFile } from "../package/deb.ts";
import { factsOf, type PackageFacts, packageFacts, readWithFacts } from "../package/facts.ts";
import { packageContent } from "../package/package-content.ts";
import { Archives } from "../sources/archive.ts";

/**
 * The packages of a solution, by their place in it. Each is fetched when something of it is first read,
 * and is read once: what makes its layer learns what else must be known of it.
 */
export class ArchivePackages {
  readonly #solution: Solution;
  readonly #context: Context;
  readonly #archives: Archives;
  readonly #files = new Map<number, Promise<DebFile>>();
  readonly #facts = new Map<number, PackageFacts>();

  constructor(solution: Solution, context: Context) {
    this.#solution = solution;
    this.#context = context;
    this.#archives = new Archives(solution, context);
  }

  /** Its file, fetched and checked unless the cache has it. */
  async fetch(place: number, { signal }: Cancellable): Promise<DebFile> {
    const { fetcher } = this.#context;
    const solved = this.#solved(place);
    const label = `${solved.name} ${solved.version}`;
    const digest = parseDigest(solved.checksum);
    const known = this.#files.get(place);
    if (known !== undefined) return await known;
    const { url, access } = this.#archives.locate(this.#solution, solved);
    const expected = { digest, size: solved.size };
    const file = fetcher.file(url, expected, { label, signal, ...access }).then((path) => ({ path, label }));
    this.#files.set(place, file);
    file.catch(() => this.#files.delete(place)); // what failed or was called off may be tried again
    return await file;
  }

  /** The members of its layer. */
  async *members(place: number, options: MemberOptions): AsyncGenerator<TarInput, void, undefined> {
    const file = await this.fetch(place, options);
    const facts = yield* readWithFacts(file, this.#key(place), this.#context.cache, options);
    this.#facts.set(place, facts);
  }

  /** What is known of it. `PACKAGE_INVALID` */
  async facts(place: number, options: Cancellable): Promise<PackageFacts> {
    const { cache } = this.#context;
    const key = this.#key(place);
    return (
      this.#facts.get(place) ??
      (await factsOf(key, cache)) ??
      (await packageFacts(await this.fetch(place, options), key, cache, options))
    );
  }

  /** Bytes of one of its members. */
  async *bytes({ package: place, offset, size: length }: PackageBytes, options: Cancellable): ByteStream {
    if (length === 0) return;
    const file = await this.fetch(place, options);
    const path = await packageContent(file, this.#key(place), this.#context.cache, options);
    yield* readFileStream(path, { ...options, offset, length });
  }

  #key(place: number): Digest {
    return parseDigest(this.#solved(place).checksum);
  }

  #solved(place: number): SolvedPackage {
    const solved = this.#solution.packages[place];
    if (solved === undefined) throw new RangeError(`the solution has no package ${place}`);
    return solved;
  }
}
