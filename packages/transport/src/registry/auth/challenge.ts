/** One way to authenticate that a server offers (RFC 9110, 11.3). */
export interface Challenge {
  /** Lower case: `basic`, `bearer`. */
  readonly scheme: string;
  /** By lower-case name. */
  readonly parameters: Readonly<Record<string, string>>;
}

/**
 * The challenges in `WWW-Authenticate`. A value may hold several, parted by the same commas as the
 * parameters of one; commas within quotes belong to the text (RFC 9110, 11.6.1). What cannot be read
 * is left out.
 */
export function parseChallenges(values: readonly string[]): readonly Challenge[] {
  return values.flatMap(parseValue);
}

// Sticky patterns, tried in turn at one position; none has a choice that could run backwards for long.
const TOKEN = "[!#$%&'*+.^_`|~0-9A-Za-z-]+";
const SEPARATOR = /[\s,]+/y;
const PARAMETER = new RegExp(`(${TOKEN})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|([^\\s,"]*))`, "y");
const SCHEME = new RegExp(`(${TOKEN})(?:\\s+([0-9A-Za-z._~+/-]+=*)(?=\\s*(?:,|$)))?`, "y");

function parseValue(value: string): Challenge[] {
  const challenges: { scheme: string; parameters: Record<string, string> }[] = [];
  let position = 0;
  const at = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = position;
    const match = pattern.exec(value);
    if (match !== null) position = pattern.lastIndex;
    return match;
  };
  while (position < value.length) {
    if (at(SEPARATOR) !== null) continue;
    const parameter = at(PARAMETER);
    if (parameter !== null) {
      const [, name = "", quoted, plain = ""] = parameter;
      const current = challenges.at(-1);
      if (current !== undefined) {
        current.parameters[name.toLowerCase()] = quoted?.replace(/\\(.)/g, "$1") ?? plain;
      }
      continue;
    }
    const scheme = at(SCHEME);
    if (scheme === null) position++; // skip what is neither, and go on
    else challenges.push({ scheme: (scheme[1] ?? "").toLowerCase(), parameters: {} });
  }
  return challenges;
}
