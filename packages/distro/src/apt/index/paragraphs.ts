import { DistroError } from "../../errors.ts";

/** What of a paragraph is looked at when an index is parsed; the rest is read when it is asked for. */
export interface Paragraph {
  readonly name: string;
  readonly multiArch: string;
  /** Names that it asks for or speaks against, in the order in which apt reads the fields. */
  readonly mentions: readonly string[];
  readonly provides: readonly string[];
  /** Where the fields that are kept stand: from and to, one behind the other; the last ends in an empty line. */
  readonly kept: readonly (readonly [number, number])[];
}

/** What `packageOf` reads. MD5, tags, maintainers make up the better half of an index. */
const KEPT = new Set([
  "package",
  "source",
  "version",
  "architecture",
  "priority",
  "section",
  "essential",
  "protected",
  "important",
  "multi-arch",
  "provides",
  "filename",
  "size",
  "installed-size",
  "sha256",
  "sha512",
  "description",
  "homepage",
]);
/** Fields with names of others, in the order in which apt reads them. */
const RELATIONS = [
  "pre-depends",
  "depends",
  "conflicts",
  "breaks",
  "recommends",
  "suggests",
  "replaces",
  "enhances",
];
const RELATION_SET = new Set(RELATIONS);
const SPACE = 0x20;
const TAB = 0x09;
const NEWLINE = 0x0a;
const HASH = 0x23;
const RETURN = 0x0d;

/** The paragraphs of a `Packages` file, straight from its bytes. `INDEX_INVALID`, which names the line's place */
export function* readParagraphs(content: Buffer): Iterable<Paragraph> {
  let fields = new Map<string, string>();
  let kept: (readonly [number, number])[] = [];
  let keptFrom = -1; // of the run of kept lines at hand
  let field = ""; // which the line at hand continues
  const close = (at: number): void => {
    if (keptFrom >= 0) kept.push([keptFrom, at]);
    keptFrom = -1;
  };
  for (let at = 0; at < content.length;) {
    const newline = content.indexOf(NEWLINE, at);
    const end = newline === -1 ? content.length : newline;
    const next = newline === -1 ? content.length : newline + 1;
    const first = content[at];
    if (at === end || (first === RETURN && end === at + 1)) {
      // The empty line belongs to what is kept: it parts the paragraphs in the text, too.
      close(at);
      if (field !== "") yield paragraphOf(fields, [...kept, [at, next]], at);
      fields = new Map();
      kept = [];
      field = "";
    } else if (first === SPACE || first === TAB) {
      if (field === "") throw invalid(at, "a line continues nothing");
      const known = fields.get(field);
      if (known !== undefined) fields.set(field, `${known}\n${content.toString("latin1", at, end)}`);
    } else if (first === HASH) {
      close(at);
    } else {
      const colon = content.indexOf(0x3a, at);
      if (colon === -1 || colon >= end) throw invalid(at, "a line is no field");
      field = content.toString("latin1", at, colon).toLowerCase();
      const isKept = KEPT.has(field) || (field !== "enhances" && RELATION_SET.has(field));
      if (isKept && keptFrom < 0) keptFrom = at;
      if (!isKept) close(at);
      if (LOOKED_AT.has(field)) fields.set(field, content.toString("latin1", colon + 1, end));
    }
    at = next;
  }
  close(content.length);
  // The last paragraph may lack the empty line: without one in its text it is still the last.
  if (field !== "") yield paragraphOf(fields, kept, content.length);
}

const LOOKED_AT = new Set([...RELATIONS, "package", "provides", "multi-arch"]);

function paragraphOf(fields: ReadonlyMap<string, string>, kept: Paragraph["kept"], at: number): Paragraph {
  const name = (fields.get("package") ?? "").trim();
  if (!/^[a-zA-Z0-9][a-zA-Z0-9.+_-]*$/.test(name)) {
    throw invalid(at, `${JSON.stringify(name)} is no package's name, in the paragraph that ends here`);
  }
  const mentions: string[] = [];
  for (const relation of RELATIONS) addNames(fields.get(relation) ?? "", mentions);
  const provides: string[] = [];
  addNames(fields.get("provides") ?? "", provides);
  return { name, multiArch: (fields.get("multi-arch") ?? "").trim(), mentions, provides, kept };
}

/** The names, with what follows their colon, in a list with commas and `|`. */
function addNames(list: string, names: string[]): void {
  let start = -1;
  let skips = false; // what is between a name and the next comma
  for (let at = 0; at <= list.length; at++) {
    const code = at < list.length ? list.charCodeAt(at) : 0x2c;
    const parts = code === 0x2c || code === 0x7c;
    if (parts || code <= SPACE || code === 0x28) {
      if (start >= 0) names.push(list.slice(start, at));
      start = -1;
      skips = !parts && (skips || code === 0x28);
      if (code === 0x28) {
        const close = list.indexOf(")", at);
        at = close === -1 ? list.length - 1 : close;
      }
    } else if (start < 0 && !skips) start = at;
  }
}

function invalid(at: number, why: string): DistroError {
  return new DistroError("INDEX_INVALID", `at byte ${at} of the index: ${why}`, { fields: { byte: at } });
}
