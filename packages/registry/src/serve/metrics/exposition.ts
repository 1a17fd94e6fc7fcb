/** What can be measured, and written as Prometheus reads it (text exposition format 0.0.4). */
export interface Metric {
  /** Its lines, with HELP and TYPE. */
  lines(): Iterable<string>;
}

export type Labels = Readonly<Record<string, string>>;

/** Writes metrics one after the other. */
export function expose(metrics: Iterable<Metric>): string {
  let text = "";
  for (const metric of metrics) for (const line of metric.lines()) text += `${line}\n`;
  return text;
}

export const EXPOSITION_TYPE = "text/plain; version=0.0.4; charset=utf-8";

/** Something that only grows. */
export class Counter implements Metric {
  readonly #name: string;
  readonly #help: string;
  readonly #values = new Map<string, number>();

  constructor(name: string, help: string) {
    this.#name = name;
    this.#help = help;
  }

  add(amount: number, labels: Labels = {}): void {
    const key = labelText(labels);
    this.#values.set(key, (this.#values.get(key) ?? 0) + amount);
  }

  *lines(): Iterable<string> {
    yield* head(this.#name, this.#help, "counter");
    for (const [labels, value] of this.#values) yield `${this.#name}${labels} ${value}`;
  }
}

/** Something that is read when it is asked for; undefined while nobody knows. */
export class Reading implements Metric {
  readonly #name: string;
  readonly #help: string;
  readonly #type: "gauge" | "counter";
  readonly #read: () => number | undefined;

  constructor(name: string, help: string, type: "gauge" | "counter", read: () => number | undefined) {
    this.#name = name;
    this.#help = help;
    this.#type = type;
    this.#read = read;
  }

  *lines(): Iterable<string> {
    const value = this.#read();
    if (value === undefined) return;
    yield* head(this.#name, this.#help, this.#type);
    yield `${this.#name} ${value}`;
  }
}

interface Distribution {
  readonly counts: number[];
  sum: number;
  count: number;
}

/** How values spread over buckets. */
export class Histogram implements Metric {
  readonly #name: string;
  readonly #help: string;
  readonly #bounds: readonly number[];
  readonly #values = new Map<string, { readonly labels: Labels; readonly spread: Distribution }>();

  /** `bounds` are the buckets' upper ends, ascending. */
  constructor(name: string, help: string, bounds: readonly number[]) {
    this.#name = name;
    this.#help = help;
    this.#bounds = bounds;
  }

  observe(value: number, labels: Labels = {}): void {
    const key = labelText(labels);
    let known = this.#values.get(key);
    if (known === undefined) {
      known = { labels, spread: { counts: this.#bounds.map(() => 0), sum: 0, count: 0 } };
      this.#values.set(key, known);
    }
    const { spread } = known;
    const bucket = this.#bounds.findIndex((bound) => value <= bound);
    if (bucket >= 0) spread.counts[bucket] = (spread.counts[bucket] ?? 0) + 1;
    spread.sum += value;
    spread.count += 1;
  }

  *lines(): Iterable<string> {
    yield* head(this.#name, this.#help, "histogram");
    for (const { labels, spread } of this.#values.values()) {
      let below = 0;
      for (const [bucket, bound] of this.#bounds.entries()) {
        below += spread.counts[bucket] ?? 0;
        yield `${this.#name}_bucket${labelText({ ...labels, le: String(bound) })} ${below}`;
      }
      yield `${this.#name}_bucket${labelText({ ...labels, le: "+Inf" })} ${spread.count}`;
      yield `${this.#name}_sum${labelText(labels)} ${spread.sum}`;
      yield `${this.#name}_count${labelText(labels)} ${spread.count}`;
    }
  }
}

function head(name: string, help: string, type: string): readonly string[] {
  return [
    `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}`,
    `# TYPE ${name} ${type}`,
  ];
}

function labelText(labels: Labels): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
