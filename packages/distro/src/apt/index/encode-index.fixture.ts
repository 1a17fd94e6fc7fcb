import { DistroError } from "../../errors.ts";
import { aligned, hashName, HEADER, INDEX_FILE_VERSION, MAGIC } from "./index-layout.ts";

const KEPT = new Set(
  (
    "package source version architecture priority section essential protected important multi-arch provides " +
    "filename size installed-size sha256 sha512 description homepage pre-depends depends conflicts breaks " +
    "recommends suggests replaces"
  ).split(" "),
);
/** In the order in which apt reads them. */
const RELATIONS = "pre-depends depends conflicts breaks recommends suggests replaces enhances".split(" ");

/** The file of index-layout.ts, made of the whole index as text: slow, and short. `INDEX_INVALID` */
export function encodedSlowly(content: Buffer): Buffer {
  const names = new Map<string, number>();
  const intern = (name: string): number => {
    const number = names.get(name) ?? names.size;
    names.set(name, number);
    return number;
  };
  const own: Provided[] = [];
  const provided: Provided[] = [];
  const texts: string[] = [];
  for (const { place, fields, kept } of paragraphs(content.toString("latin1"))) {
    const provider = own.length;
    const name = trimmed(fields.get("package") ?? "");
    if (!/^[a-z0-9][a-z0-9.+_-]*$/i.test(name)) throw invalid(place);
    own.push({ name: intern(name), provider });
    texts.push(kept);
    for (const relation of RELATIONS) for (const other of listed(fields.get(relation) ?? "")) intern(other);
    const isForAny = trimmed(fields.get("multi-arch") ?? "") === "allowed";
    for (const other of listed(fields.get("provides") ?? "")) {
      if (isForAny && !other.includes(":")) provided.push({ name: intern(`${other}:any`), provider });
      provided.push({ name: intern(other), provider });
    }
    if (isForAny) provided.push({ name: intern(`${name}:any`), provider });
  }
  const all = [...names.keys()];
  const [text, nameText] = [texts.join(""), all.join("")];
  const slots = slotsOf(all);
  const counts = {
    names: all.length,
    slots: slots.length,
    packages: own.length,
    provides: provided.length,
    nameBytes: nameText.length,
    textBytes: text.length,
  };
  const numbers = [
    startsOf(all.map((name) => name.length)),
    slots,
    own.map(({ name }) => name),
    startsOf(texts.map((each) => each.length)),
    grouped(all.length, own),
    grouped(all.length, provided),
    [MAGIC, INDEX_FILE_VERSION, ...HEADER.map((key) => counts[key])],
  ];
  return Buffer.concat([
    padded(text),
    padded(nameText),
    ...numbers.map((each) => Buffer.from(Uint32Array.from(each).buffer)),
  ]);
}

interface Provided {
  readonly name: number;
  readonly provider: number;
}

interface Paragraph {
  /** Where it ends. */
  readonly place: number;
  readonly fields: ReadonlyMap<string, string>;
  readonly kept: string;
}

function* paragraphs(content: string): Generator<Paragraph> {
  let fields = new Map<string, string>();
  let [kept, field, isKept, value, place] = ["", "", false, 0, 0];
  for (const line of content.match(/[^\n]*\n|[^\n]+$/g) ?? []) {
    const end = place + line.length - (line.endsWith("\n") ? 1 : 0);
    const text = content.slice(place, end);
    if (text === "" || text === "\r") {
      if (fields.size > 0) yield { place, fields, kept: kept + line };
      fields = new Map();
      [kept, isKept] = ["", false];
    } else if (/^[ \t]/.test(text)) {
      if (fields.size === 0) throw invalid(place);
      fields.set(field, content.slice(value, end));
    } else if (text.startsWith("#")) {
      isKept = false;
    } else {
      const colon = text.indexOf(":");
      if (colon === -1) throw invalid(place);
      field = text.slice(0, colon).replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
      isKept = KEPT.has(field);
      value = place + colon + 1;
      fields.set(field, content.slice(value, end));
    }
    if (isKept) kept += line;
    place += line.length;
  }
  if (fields.size > 0) yield { place, fields, kept };
}

/** The names in a list. What follows a parenthesis is passed over until the next comma or bar. */
function* listed(value: string): Generator<string> {
  let isPassed = false;
  // oxlint-disable-next-line no-control-regex -- what is no character is a space here
  for (const [token] of value.matchAll(/\([^)]*\)?|\n#[^\n]*|[,|]|[^\0- ,|(]+/g)) {
    if (token === "," || token === "|") isPassed = false;
    else if (token.startsWith("(")) isPassed = true;
    else if (!token.startsWith("\n") && !isPassed) yield token;
  }
}

function trimmed(value: string): string {
  // oxlint-disable-next-line no-control-regex
  return value.replaceAll(/^[\0- ]+|[\0- ]+$/g, "");
}

function slotsOf(names: readonly string[]): readonly number[] {
  const slots = Array.from({ length: 2 ** Math.ceil(Math.log2(names.length * 2 + 2)) }, () => 0);
  for (const [number, name] of names.entries()) {
    let at = hashName(name) % slots.length;
    while (slots[at] !== 0) at = (at + 1) % slots.length;
    slots[at] = number + 1;
  }
  return slots;
}

function grouped(names: number, pairs: readonly Provided[]): readonly number[] {
  const groups = Array.from({ length: names }, (): number[] => []);
  for (const { name, provider } of pairs) groups[name]?.push(provider);
  return [...startsOf(groups.map((group) => group.length)), ...groups.flat()];
}

/** Where each begins that has such a length, and the end. */
function startsOf(lengths: readonly number[]): readonly number[] {
  let end = 0;
  return [0, ...lengths.map((length) => (end += length))];
}

function padded(text: string): Buffer {
  return Buffer.concat([Buffer.from(text, "latin1")], aligned(text.length));
}

function invalid(byte: number): DistroError {
  return new DistroError("INDEX_INVALID", `byte ${byte}`, { fields: { byte } });
}
