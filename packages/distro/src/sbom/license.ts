import parse from "spdx-expression-parse";

/** A license as an SPDX expression (SPDX 2.3, annex D). */
export interface LicenseExpression {
  readonly expression: string;
  /** What SPDX has no name for, in the words it came in, by the name it has in the expression: `LicenseRef-…`. */
  readonly others: ReadonlyMap<string, string>;
}

/**
 * An ecosystem's words for a license as an expression: `MIT AND public-domain` is
 * `MIT AND LicenseRef-public-domain`. Undefined where there are no words, or no sense in them.
 */
export function licenseExpression(words: string): LicenseExpression | undefined {
  const others = new Map<string, string>();
  const expression = (words.match(PARTS) ?? [])
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .map((phrase) => {
      if (/^(?:[()]|AND|OR)$/u.test(phrase) || isValid(phrase)) return phrase;
      const name = `LicenseRef-${phrase.replaceAll(/[^A-Za-z0-9.-]+/gu, "-").slice(0, 100)}`;
      others.set(name, phrase);
      return name;
    })
    .join(" ")
    .replaceAll(/(?<=\() | (?=\))/gu, "");
  return isValid(expression) ? { expression, others } : undefined;
}

/** Parentheses, the words that join licenses, and what stands between these. */
const PARTS = /[()]|(?<![^\s()])(?:AND|OR)(?![^\s()])|(?:(?!(?<![^\s()])(?:AND|OR)(?![^\s()]))[^()])+/gu;

function isValid(expression: string): boolean {
  try {
    parse(expression);
    return true;
  } catch {
    return false;
  }
}
