import { DistroError } from "../../errors.ts";

/**
 * One paragraph of a control file: fields by their name in lower case, since case does not matter.
 * A value has its continuation lines in it, each after a newline and without its first blank.
 */
export type Stanza = ReadonlyMap<string, string>;

/**
 * The paragraphs of a file in Debian's control syntax (deb-control(5), deb822(5)): `Packages`,
 * `Release`, `.sources`, `control`, `status`. Lines that start with `#` are comments.
 * `INDEX_INVALID`, which names the line
 */
export function parseStanzas(text: string): readonly Stanza[] {
  const stanzas: Stanza[] = [];
  let fields = new Map<string, string>();
  let last: string | undefined;
  for (const [at, raw] of text.split("\n").entries()) {
    const line = raw.endsWith("\r") ? raw.slice(0, -1) : raw;
    if (line.trim() === "") {
      if (fields.size > 0) stanzas.push(fields);
      fields = new Map();
      last = undefined;
    } else if (line.startsWith(" ") || line.startsWith("\t")) {
      if (last === undefined) throw invalid(at + 1, line, "it continues nothing");
      fields.set(last, `${fields.get(last) ?? ""}\n${line.slice(1).trimEnd()}`);
    } else if (!line.startsWith("#")) {
      const colon = line.indexOf(":");
      if (colon <= 0) throw invalid(at + 1, line, "it is no field");
      last = line.slice(0, colon).toLowerCase();
      fields.set(last, line.slice(colon + 1).trim());
    }
  }
  if (fields.size > 0) stanzas.push(fields);
  return stanzas;
}

/** The one paragraph of a file that has one. `INDEX_INVALID` */
export function parseStanza(text: string): Stanza {
  const [stanza, ...others] = parseStanzas(text);
  if (stanza === undefined || others.length > 0) {
    throw new DistroError(
      "INDEX_INVALID",
      `there are ${others.length + (stanza === undefined ? 0 : 1)} paragraphs where one belongs`,
    );
  }
  return stanza;
}

function invalid(number: number, line: string, why: string): DistroError {
  return new DistroError("INDEX_INVALID", `line ${number}, ${JSON.stringify(line.slice(0, 80))}: ${why}`, {
    fields: { line: number },
  });
}
