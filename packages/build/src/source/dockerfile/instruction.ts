/** An argument of an instruction in quotes: what a Dockerfile would replace stays as it is. */
function quoted(text: string): string {
  return `"${text.replaceAll(/["\\$]/g, String.raw`\$&`).replaceAll("\n", String.raw`\n`)}"`;
}

/** Variables or labels, one a line. */
export function pairs(
  instruction: "ENV" | "LABEL",
  values: Readonly<Record<string, string>>,
): readonly string[] {
  const entries = Object.entries(values).map(([name, value]) => `${name}=${quoted(value)}`);
  return entries.length === 0 ? [] : [`${instruction} ${entries.join(" \\\n    ")}`];
}

/** What is copied, from another stage where one is named. Names with spaces need the form of JSON. */
export function copy(sources: readonly string[], target: string, stage?: string): string {
  const words = [...sources, target];
  const what = words.some((word) => /\s/.test(word)) ? JSON.stringify(words) : words.join(" ");
  return `COPY ${stage === undefined ? "" : `--from=${stage} `}${what}`;
}

/** A command with its mounts: a line for the stage's shell, or a program and its arguments. */
export function run(mounts: readonly string[], command: string | readonly string[]): string {
  const lead = mounts.map((mount) => `--mount=${mount} \\\n    `).join("");
  // Of more than one line that is not continued, a Dockerfile of 2020 knows only JSON.
  if (typeof command === "string" && !/(?<!\\)\n/.test(command)) return `RUN ${lead}${command}`;
  return `RUN ${lead}${JSON.stringify(typeof command === "string" ? [...SHELL, command] : command)}`;
}

/** As the engine runs lines: the first that fails ends it, and so does a variable that is not set. */
export const SHELL = ["/bin/sh", "-euc"] as const;
