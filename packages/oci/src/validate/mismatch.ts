/** Two things that should be equal and are not, or something that cannot be read. */
export interface Mismatch {
  /** Where, from the outside in: `linux/arm64`, `layer 2`; empty for the content itself. */
  readonly where: readonly string[];
  /** What was compared: `digest`, `size`, `platform`, … */
  readonly what: MismatchKind;
  /** One line, such as `layer 2: descriptor().size=10, bytes of open()=11`. */
  readonly message: string;
}

export type MismatchKind =
  | "attestation"
  | "compression"
  | "config"
  | "diff-id"
  | "digest"
  | "history"
  | "layers"
  | "media-type"
  | "nesting"
  | "platform"
  | "size"
  | "tar"
  | "unreadable";

/** A thing that was asked for, and the answer. */
export type Answer = readonly [question: string, answer: string | number | undefined];

/** Collects what is wrong in one place; places in it report to the same list. */
export class Report {
  readonly mismatches: Mismatch[];
  readonly where: readonly string[];

  constructor(where: readonly string[] = [], mismatches: Mismatch[] = []) {
    this.where = where;
    this.mismatches = mismatches;
  }

  within(place: string): Report {
    return new Report([...this.where, place], this.mismatches);
  }

  /** Says so if the answers are not all the same. */
  compare(what: MismatchKind, first: Answer, ...others: readonly Answer[]): void {
    if (others.every(([, answer]) => answer === first[1])) return;
    this.add(
      what,
      [first, ...others].map(([question, answer]) => `${question}=${answer ?? "none"}`).join(", "),
    );
  }

  add(what: MismatchKind, sentence: string): void {
    const { where } = this;
    this.mismatches.push({ where, what, message: [...where, sentence].join(": ") });
  }

  /** Reads something; what goes wrong is one more mismatch, and gives undefined. */
  async read<Value>(
    question: string,
    ask: () => Promise<Value>,
    signal?: AbortSignal,
  ): Promise<Value | undefined> {
    try {
      return await ask();
    } catch (error) {
      signal?.throwIfAborted();
      const reason = `fails: ${messageOf(error)}`;
      // What cannot be read is asked for by all that depends on it: once is enough.
      const isTold = this.mismatches.some(
        ({ where, message }) => message.endsWith(reason) && where.join() === this.where.join(),
      );
      if (!isTold) this.add("unreadable", `${question} ${reason}`);
      return undefined;
    }
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
