import { createHash } from "node:crypto";
import { type Cancellable, comparePaths, readTar, type TarMember } from "@cooper/archive";
import type { Layer } from "../model.ts";

/** What of one path is not the same in two layers. */
export type MemberDifference =
  | { readonly path: string; readonly kind: "only-in-first" | "only-in-second" }
  | { readonly path: string; readonly kind: "differs"; readonly facts: readonly FactDifference[] };

export interface FactDifference {
  readonly name: (typeof FACTS)[number] | "content";
  /** In words: of the content the bytes from where it differs, as JSON text. */
  readonly first: string;
  readonly second: string;
  /** Of the content: the first byte that differs. */
  readonly offset?: number | undefined;
}

export interface LayerComparison {
  /** By path. */
  readonly members: readonly MemberDifference[];
  /** Whether the members that both have come in the same order. */
  readonly order: "same" | "differs";
}

/**
 * Compares two layers member by member. Reads each once, and again where the content of files differs;
 * of contents only digests of pieces are in memory. What `Layer.tar` throws.
 */
export async function compareLayers(
  first: Layer,
  second: Layer,
  options: Cancellable = {},
): Promise<LayerComparison> {
  const [a, b] = [await survey(first, options), await survey(second, options)];
  const paths = [...new Set([...a.keys(), ...b.keys()])].toSorted(comparePaths);
  const places = new Map(
    paths.flatMap((path) => {
      const piece = firstDifference(a.get(path)?.pieces ?? [], b.get(path)?.pieces ?? []);
      return piece === undefined || !a.has(path) || !b.has(path) ? [] : [[path, piece] as const];
    }),
  );
  const excerpts = [await excerptsOf(first, places, options), await excerptsOf(second, places, options)];
  const members = paths.flatMap((path): readonly MemberDifference[] => {
    const [one, other] = [a.get(path), b.get(path)];
    if (other === undefined) return [{ path, kind: "only-in-first" }];
    if (one === undefined) return [{ path, kind: "only-in-second" }];
    const facts: FactDifference[] = FACTS.filter((name) => one.facts[name] !== other.facts[name]).map(
      (name) => ({ name, first: one.facts[name], second: other.facts[name] }),
    );
    const piece = places.get(path);
    if (piece !== undefined) {
      const [x, y] = excerpts.map((each) => each.get(path) ?? Buffer.alloc(0));
      facts.push(contentDifference(piece, x ?? Buffer.alloc(0), y ?? Buffer.alloc(0)));
    }
    return facts.length === 0 ? [] : [{ path, kind: "differs", facts }];
  });
  const common = (from: typeof a, others: typeof b): readonly string[] =>
    [...from.keys()].filter((path) => others.has(path));
  const inOrder = common(a, b).join("\0") === common(b, a).join("\0");
  return { members, order: inOrder ? "same" : "differs" };
}

const FACTS = ["type", "mode", "owner", "time", "link", "device", "attributes", "size"] as const;

/** What is kept of a member. */
interface Survey {
  readonly facts: Readonly<Record<(typeof FACTS)[number], string>>;
  /** SHA-256 of each piece of its content. */
  readonly pieces: readonly string[];
}

const PIECE = 64 * 1024;
const EXCERPT = 24;

async function survey(layer: Layer, options: Cancellable): Promise<ReadonlyMap<string, Survey>> {
  const found = new Map<string, Survey>();
  for await (const member of readTar(layer.tar(options), options)) {
    const pieces: string[] = [];
    for await (const piece of piecesOf(member))
      pieces.push(createHash("sha256").update(piece).digest("base64"));
    found.set(member.path, { facts: factsOf(member), pieces });
  }
  return found;
}

function factsOf(member: TarMember): Survey["facts"] {
  const { seconds, nanoseconds } = member.mtime;
  return {
    type: member.type,
    mode: member.mode.toString(8).padStart(4, "0"),
    owner: `${member.uid}:${member.gid}`,
    time: nanoseconds === 0 ? String(seconds) : `${seconds}.${String(nanoseconds).padStart(9, "0")}`,
    link: member.linkPath,
    device: `${member.deviceMajor}:${member.deviceMinor}`,
    attributes: [...member.xattrs]
      .map(([name, value]) => `${name}=${Buffer.from(value).toString("base64")}`)
      .toSorted()
      .join(" "),
    size: String(member.size),
  };
}

/** A member's content in pieces of one size; only the last one may be shorter. */
async function* piecesOf(member: TarMember): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let length = 0;
  for await (const chunk of member.content()) {
    // The chunk may be written to again once the next one is asked for.
    for (let rest = Buffer.from(chunk); rest.length > 0;) {
      const part = rest.subarray(0, PIECE - length);
      held.push(part);
      length += part.length;
      rest = rest.subarray(part.length);
      if (length < PIECE) continue;
      yield Buffer.concat(held);
      held = [];
      length = 0;
    }
  }
  if (length > 0) yield Buffer.concat(held);
}

function firstDifference(a: readonly string[], b: readonly string[]): number | undefined {
  for (let place = 0; place < Math.max(a.length, b.length); place++) if (a[place] !== b[place]) return place;
  return undefined;
}

/** Of each path the piece that differs. */
async function excerptsOf(
  layer: Layer,
  places: ReadonlyMap<string, number>,
  options: Cancellable,
): Promise<ReadonlyMap<string, Buffer>> {
  const found = new Map<string, Buffer>();
  if (places.size === 0) return found;
  for await (const member of readTar(layer.tar(options), options)) {
    const wanted = places.get(member.path);
    if (wanted === undefined) continue;
    let place = 0;
    for await (const piece of piecesOf(member)) if (place++ === wanted) found.set(member.path, piece);
  }
  return found;
}

function contentDifference(piece: number, a: Buffer, b: Buffer): FactDifference {
  let at = 0;
  while (at < Math.min(a.length, b.length) && a[at] === b[at]) at++;
  const words = (bytes: Buffer): string =>
    bytes.length <= at ? "its end" : JSON.stringify(bytes.toString("latin1", at, at + EXCERPT));
  return { name: "content", first: words(a), second: words(b), offset: piece * PIECE + at };
}
