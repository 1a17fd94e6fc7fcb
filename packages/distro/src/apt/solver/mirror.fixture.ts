import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import type { TestContext } from "node:test";
import { collect, decompress, readFileStream } from "@cooper/archive";
import { digestOf } from "@cooper/oci";
import { isFault } from "@cooper/sys";
import { type OpenContext, openContext } from "../../ecosystem/open-context.ts";
import { IndexFile } from "../index/index-file.ts";
import { indexPath, type LoadedRelease, loadRelease, suiteAddress } from "../release/load-release.ts";
import { chooseSources } from "../sources/choose-sources.ts";
import { readHost } from "../sources/host.ts";
import { NO_RELEASE } from "./universe.fixture.ts";
import type { Source } from "./universe.ts";

/** Kept from one run to the next: the machine's indexes, and what apt-get said about them. */
const CACHE = resolve(import.meta.dirname, "../../../../../.cache/apt-judge");

/** The indexes of this machine's own Debian, as apt and as we see them. */
export interface HostIndexes {
  readonly sources: readonly Source[];
  /** For apt: by the name of the list, and the lines that name them. */
  readonly lists: Readonly<Record<string, Buffer>>;
  readonly lines: readonly string[];
  /** Changes with what is in them. */
  readonly key: string;
}

/** A loud skip where this is no Debian, or its mirror does not answer. */
export async function hostIndexes(t: TestContext): Promise<HostIndexes | undefined> {
  const host = readHost("/");
  if (host.distribution !== "debian" || host.sources.length === 0) {
    t.skip("SKIPPED: this machine is no Debian with sources of its own");
    return undefined;
  }
  const context = await openContext({ cache: { directory: join(CACHE, "cache") } });
  try {
    const releases = await Promise.all(
      chooseSources(host, undefined).map(async ({ entry }) => await loadRelease(entry, host, context)),
    );
    const read = await Promise.all(releases.map(async (each) => await readIndex(each, context)));
    const lists = Object.fromEntries(
      read.map(({ suite, content }, at) => [
        `_archive${at}_dists_${suite}_main_binary-amd64_Packages`,
        content,
      ]),
    );
    const hash = createHash("sha256");
    for (const { content } of read) hash.update(content);
    return {
      sources: read.map(({ content }) => ({ index: IndexFile.parse(content), release: NO_RELEASE })),
      lists,
      lines: read.map(({ suite }, at) => `deb [trusted=yes] file:/archive${at} ${suite} main`),
      key: hash.digest("hex"),
    };
  } catch (error) {
    if (!isFault(error, "FETCH_FAILED")) throw error;
    t.skip(`SKIPPED: the machine's mirror does not answer: ${error.message}`);
    return undefined;
  } finally {
    await context.close();
  }
}

async function readIndex(
  { entry, release }: LoadedRelease,
  context: OpenContext,
): Promise<{ readonly suite: string; readonly content: Buffer }> {
  const path = `${indexPath(entry, "main", "amd64")}.xz`;
  const file = release.files.get(path);
  if (file === undefined) throw new Error(`${entry.suite} has no ${path}`);
  const expected = { digest: digestOf(file.algorithm, file.hex), size: file.size };
  const fetched = await context.fetcher.file(`${suiteAddress(entry)}/${path}`, expected);
  return {
    suite: entry.suite,
    content: await collect(decompress(readFileStream(fetched)), { limit: 2 ** 28 }),
  };
}

/** What was found out before about these indexes; `null` stands for a request without a solution. */
export class Remembered {
  readonly #path: string;
  readonly #answers: Record<string, readonly string[] | null>;

  constructor(key: string) {
    this.#path = join(CACHE, `${key}.json`);
    this.#answers = parseAnswers(this.#path);
  }

  has(request: string): boolean {
    return request in this.#answers;
  }

  get(request: string): readonly string[] | undefined {
    return this.#answers[request] ?? undefined;
  }

  add(request: string, answer: readonly string[] | undefined): void {
    this.#answers[request] = answer ?? null;
  }

  save(): void {
    mkdirSync(dirname(this.#path), { recursive: true });
    writeFileSync(this.#path, JSON.stringify(this.#answers));
  }
}

function parseAnswers(path: string): Record<string, readonly string[] | null> {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Record<string, readonly string[] | null>;
  } catch {
    return {}; // nothing was asked yet
  }
}
