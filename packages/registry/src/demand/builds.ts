import { randomUUID } from "node:crypto";
import type { Digest } from "@cooper/oci";

export type BuildState = "waiting" | "running" | "done" | "failed" | "stopped";

/** What anybody may know of a build; JSON. */
export interface BuildStatus {
  readonly id: string;
  /** `apt/curl/jq:bookworm` */
  readonly name: string;
  /** The same as a reference: `apt:curl/jq:bookworm`. */
  readonly reference: string;
  readonly state: BuildState;
  /** RFC 3339. */
  readonly asked: string;
  /** Seconds from when it was asked for until now, or until its end. */
  readonly seconds: number;
  /** Bytes of blobs that were written so far. */
  readonly bytes: number;
  /** How many clients wait for it. */
  readonly waiting: number;
  /** What happened last. */
  readonly last: string;
  readonly digest: Digest | undefined;
  /** Why it failed. */
  readonly error: string | undefined;
}

export interface LogLine {
  /** Seconds after it was asked for. */
  readonly at: number;
  readonly text: string;
}

export interface NewBuild {
  readonly name: string;
  readonly reference: string;
  /** Who asked first. */
  readonly visitor: string;
  readonly waiting: () => number;
}

const MAX_LINES = 1000;
const MAX_LINE = 500;
/** Builds that have ended and are still shown. */
const MAX_ENDED = 200;

/** One image on its way into the registry. */
export class Build {
  readonly id: string = randomUUID();
  readonly visitor: string;
  readonly #about: NewBuild;
  readonly #asked = Date.now();
  readonly #log: LogLine[] = [];
  readonly #watchers = new Set<() => void>();
  #state: BuildState = "waiting";
  #ended: number | undefined;
  #bytes = 0;
  #digest: Digest | undefined;
  #error: string | undefined;

  constructor(about: NewBuild) {
    this.#about = about;
    this.visitor = about.visitor;
  }

  get hasEnded(): boolean {
    return this.#ended !== undefined;
  }

  get log(): readonly LogLine[] {
    return this.#log;
  }

  status(): BuildStatus {
    const { name, reference, waiting } = this.#about;
    return {
      id: this.id,
      name,
      reference,
      state: this.#state,
      asked: new Date(this.#asked).toISOString(),
      seconds: this.#seconds(),
      bytes: this.#bytes,
      waiting: this.hasEnded ? 0 : waiting(),
      last: this.#log.at(-1)?.text ?? "",
      digest: this.#digest,
      error: this.#error,
    };
  }

  begin(): void {
    this.#state = "running";
    this.say("began");
  }

  /** A line of its log. */
  say(text: string): void {
    if (this.#log.length < MAX_LINES) {
      // oxlint-disable-next-line no-control-regex -- what packages and registries say is shown on terminals
      const line = text.replaceAll(/[\x00-\x1f\x7f-\x9f]+/g, " ").slice(0, MAX_LINE);
      this.#log.push({ at: this.#seconds(), text: line });
    }
    this.#tell();
  }

  /** So many bytes more were written. */
  wrote(bytes: number): void {
    this.#bytes += bytes;
    this.#tell();
  }

  finish(digest: Digest): void {
    this.#digest = digest;
    this.#end("done", `it is ${digest}`);
  }

  fail(error: string, state: "failed" | "stopped"): void {
    this.#error = error;
    this.#end(state, error);
  }

  /** Calls `watcher` whenever something has changed, until the function given back is called. */
  watch(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => void this.#watchers.delete(watcher);
  }

  #end(state: BuildState, text: string): void {
    this.#state = state;
    this.#ended = Date.now();
    this.say(text);
  }

  #seconds(): number {
    return ((this.#ended ?? Date.now()) - this.#asked) / 1000;
  }

  #tell(): void {
    for (const watcher of this.#watchers) watcher();
  }
}

/** The builds of a registry: those that go on, and the last that have ended. */
export class Builds {
  readonly #builds = new Map<string, Build>();

  add(about: NewBuild): Build {
    const build = new Build(about);
    this.#builds.set(build.id, build);
    const ended = [...this.#builds.values()].filter(({ hasEnded }) => hasEnded);
    for (const { id } of ended.slice(0, Math.max(0, ended.length - MAX_ENDED))) this.#builds.delete(id);
    return build;
  }

  get(id: string): Build | undefined {
    return this.#builds.get(id);
  }

  /** The newest first. */
  all(): readonly Build[] {
    return [...this.#builds.values()].toReversed();
  }
}
