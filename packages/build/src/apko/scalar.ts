/** A plain scalar that YAML reads as a number, a truth or nothing, with how it is written. */
export class PlainScalar {
  readonly value: unknown;
  readonly source: string;

  constructor(value: unknown, source: string) {
    this.value = value;
    this.source = source;
  }
}
