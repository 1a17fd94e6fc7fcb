/**
 * The licenses that a Debian copyright file gives its files (copyright-format/1.0, "License
 * specification"), in SPDX's words as far as it has them, all joined; empty where the file is prose.
 */
export function licensesOf(copyright: string): string {
  if (!/^Format:.*copyright-format\/1\.0/mu.test(copyright.slice(0, HEAD))) return "";
  const named = new Set<string>();
  for (const paragraph of copyright.split(/\n[ \t]*\n/u)) {
    // A paragraph with a license alone has its text, for others that name it.
    const words = /^(?:Files|Format):/mu.test(paragraph)
      ? /^License:[ \t]*(\S.*)$/mu.exec(paragraph)?.[1]
      : undefined;
    if (words === undefined) continue;
    const license = inSpdxWords(words.trim());
    named.add(/ (?:AND|OR) /u.test(license) ? `(${license})` : license);
  }
  const all = [...named].toSorted();
  const [only] = all;
  return all.length === 1 && only !== undefined ? only.replace(/^\((.*)\)$/u, "$1") : all.join(" AND ");
}

/** Characters in which the first field stands, with comments before it. */
const HEAD = 2000;

/** Debian's names that are not SPDX's, in small letters. */
const NAMES: Readonly<Record<string, string>> = {
  and: "AND",
  or: "OR",
  artistic: "Artistic-1.0-Perl",
  "bsd-2-clause": "BSD-2-Clause",
  "bsd-3-clause": "BSD-3-Clause",
  "bsd-4-clause": "BSD-4-Clause",
  expat: "MIT",
  perl: "Artistic-1.0-Perl OR GPL-1.0-or-later",
  zlib: "Zlib",
};

function inSpdxWords(words: string): string {
  return words
    .replaceAll(/,(?=\s)/gu, "")
    .split(/\s+/u)
    .map((word) => NAMES[word.toLowerCase()] ?? gnuName(word) ?? word)
    .join(" ");
}

/** `GPL-2+` is GPL-2.0-or-later, `LGPL-2.1` is LGPL-2.1-only. */
function gnuName(word: string): string | undefined {
  const [, name, major, minor = "0", later] = /^([AL]?GPL|GFDL)-(\d)(?:\.(\d))?(\+?)$/u.exec(word) ?? [];
  if (name === undefined) return undefined;
  return `${name}-${major}.${minor}-${later === "+" ? "or-later" : "only"}`;
}
