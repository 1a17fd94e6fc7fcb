import type { RegistryError } from "../errors.ts";

const MAX_REMEMBERED = 10_000;
/** A fault that passes is forgotten so much sooner. */
const PASSING_PART = 1 / 12;

/** What could not be made, for a while: a thousand clients that ask for what is not there cost one try. */
export class Failures {
  readonly #milliseconds: number;
  readonly #failures = new Map<string, { readonly fault: RegistryError; readonly until: number }>();

  constructor(seconds: number) {
    this.#milliseconds = seconds * 1000;
  }

  remember(name: string, fault: RegistryError): void {
    const milliseconds = this.#milliseconds * (fault.kind === "passing" ? PASSING_PART : 1);
    this.#failures.delete(name);
    this.#failures.set(name, { fault, until: Date.now() + milliseconds });
    const [oldest] = this.#failures.keys();
    if (this.#failures.size > MAX_REMEMBERED && oldest !== undefined) this.#failures.delete(oldest);
  }

  throwIfKnown(name: string): void {
    const known = this.#failures.get(name);
    if (known === undefined) return;
    if (Date.now() < known.until) throw known.fault;
    this.#failures.delete(name);
  }
}
