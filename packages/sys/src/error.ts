/**
 * How a fault maps to an exit status (docs/errors.md):
 * `failed` 1, `usage` 2, `host` 3 (the host lacks something), `passing` 75 (worth a retry).
 */
export type FaultKind = "failed" | "usage" | "host" | "passing";

/** What an error can tell besides its sentence. */
export interface FaultDetails {
  /** What caused it, kept for `--verbose`. */
  readonly cause?: unknown;
  /** What the reader can do about it: one sentence. */
  readonly advice?: string;
  /** Defaults to `failed`. */
  readonly kind?: FaultKind;
  /** On which input: reference, path, line, digest, sizes in bytes. */
  readonly fields?: Readonly<Record<string, string | number | boolean>>;
}

/**
 * The base of every error that Cooper throws on purpose. Each package has one subclass and lists
 * its codes, a sentence each, in its own `errors.ts`.
 */
export abstract class CooperError<Code extends string = string> extends Error {
  /** Its class's, written out: what is published has other names for classes. */
  abstract override name: string;
  readonly code: Code;
  readonly advice: string | undefined;
  readonly kind: FaultKind;
  readonly fields: Readonly<Record<string, string | number | boolean>>;

  constructor(code: Code, message: string, details: FaultDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.advice = details.advice;
    this.kind = details.kind ?? "failed";
    this.fields = details.fields ?? {};
  }
}

/** Whether `error` is one of Cooper's, with one of `codes` if any are given. */
export function isFault(error: unknown, ...codes: readonly string[]): error is CooperError {
  return error instanceof CooperError && (codes.length === 0 || codes.includes(error.code));
}
