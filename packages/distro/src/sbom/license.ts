import parse from "spdx-expression-parse";

/** A license in SPDX's own form; undefined where the words are an ecosystem's own, such as `custom`. */
export function licenseExpression(words: string): string | undefined {
  const text = words.trim();
  if (text === "") return undefined;
  try {
    parse(text);
    return text;
  } catch {
    return undefined;
  }
}
