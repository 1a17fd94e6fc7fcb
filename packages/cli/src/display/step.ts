import { styleText } from "node:util";
import type { ByHandStep } from "@cooper/build";
import { printable } from "./printable.ts";
import { table } from "./table.ts";

/** A step of the hard way for people: what was done, why, what came of it, and how a shell does it. */
export function describeStep({ name, title, why, values, document, command }: ByHandStep): string {
  const rows = Object.entries(values).map(([key, value]) => [key, printable(String(value))]);
  const lines = [
    style("bold", `${NUMBERS[name]}. ${title}`),
    ...wrap(why, 96).map((line) => `   ${line}`),
    ...(rows.length === 0 ? [] : [table(rows, { indent: "   " })]),
    ...(document === undefined ? [] : [indent(JSON.stringify(JSON.parse(document), undefined, 2), "   ")]),
    style("dim", `   $ ${printable(command.length > 400 ? `${command.slice(0, 400)} …` : command)}`),
    "",
  ];
  return lines.join("\n");
}

const NUMBERS: Readonly<Record<ByHandStep["name"], number>> = {
  tar: 1,
  "diff-id": 2,
  compression: 3,
  "layer-digest": 4,
  "layer-blob": 5,
  config: 6,
  "config-digest": 7,
  manifest: 8,
  index: 9,
  layout: 10,
};

function style(word: "bold" | "dim", text: string): string {
  return styleText(word, text, { stream: process.stderr });
}

function wrap(text: string, width: number): readonly string[] {
  const lines = [""];
  for (const word of text.split(" ")) {
    const line = lines.at(-1) ?? "";
    if (line === "") lines[lines.length - 1] = word;
    else if (line.length + 1 + word.length <= width) lines[lines.length - 1] = `${line} ${word}`;
    else lines.push(word);
  }
  return lines;
}

function indent(text: string, by: string): string {
  return text
    .split("\n")
    .map((line) => by + line)
    .join("\n");
}
