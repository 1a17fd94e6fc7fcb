import { setTimeout as pause } from "node:timers/promises";
import { TransportError } from "../../errors.ts";
import type { TransportErrorCode } from "../../errors.ts";
import type { FaultDetails } from "@cooper/sys";

/** How often a passing fault is met with another try. */
export interface RetryOptions {
  /** Tries in all, the first one included; default 4. */
  readonly tries?: number | undefined;
  /** Seconds before the second try; doubles each time, with jitter. Default 0.5. */
  readonly firstPause?: number | undefined;
  /** Seconds: no pause is longer, and a registry that asks for a longer one ends the work. Default 60. */
  readonly longestPause?: number | undefined;
}

/** A fault that passes: the same request may work in a moment. Its name is the public class's: callers know no other. */
export class PassingFault extends TransportError {
  /** Seconds that the registry asked to wait, if it did. */
  readonly retryAfter: number | undefined;

  constructor(
    code: TransportErrorCode,
    message: string,
    details: FaultDetails & { readonly retryAfter?: number | undefined } = {},
  ) {
    super(code, message, { ...details, kind: "passing" });
    this.retryAfter = details.retryAfter;
  }
}

/**
 * The tries of one operation, such as one blob's download: the one place where anything is retried.
 * Whatever sends several requests for it shares this, so that retries never multiply.
 */
export class Attempts {
  readonly #tries: number;
  readonly #firstPause: number;
  readonly #longestPause: number;
  readonly #signal: AbortSignal | undefined;
  #failed = 0;

  constructor(options: RetryOptions = {}, signal?: AbortSignal) {
    this.#tries = options.tries ?? 4;
    this.#firstPause = options.firstPause ?? 0.5;
    this.#longestPause = options.longestPause ?? 60;
    this.#signal = signal;
  }

  /** Waits before the next try; throws `fault` instead if it does not pass or no try is left. */
  async again(fault: unknown): Promise<void> {
    this.#signal?.throwIfAborted();
    this.#failed++;
    if (!(fault instanceof PassingFault) || this.#failed >= this.#tries) throw fault;
    if (fault.retryAfter !== undefined && fault.retryAfter > this.#longestPause) throw fault;
    const backOff = Math.min(this.#longestPause, this.#firstPause * 2 ** (this.#failed - 1));
    // Jitter keeps many clients that failed together from coming back together.
    const seconds = Math.max(fault.retryAfter ?? 0, backOff * (0.5 + Math.random() / 2));
    await pause(seconds * 1000, undefined, { signal: this.#signal }).catch(() => {});
    this.#signal?.throwIfAborted();
  }

  /** Forgets what failed so far: much has been done since, so the next fault is a new one. */
  progressed(): void {
    this.#failed = 0;
  }
}

/** `Retry-After` in seconds from now: a number of seconds or an HTTP date (RFC 9110, 10.2.3). */
export function parseRetryAfter(value: string | undefined, now: number = Date.now()): number | undefined {
  if (value === undefined) return undefined;
  const text = value.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text);
  const date = Date.parse(text);
  return Number.isNaN(date) ? undefined : Math.max(0, (date - now) / 1000);
}
