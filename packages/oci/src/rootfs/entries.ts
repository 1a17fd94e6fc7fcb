import { readTarBatches } from "@cooper/archive";
import type { ByteStream, Cancellable, Limits, TarEntry, TarMember } from "@cooper/archive";
import type { Layer } from "../model.ts";
import type { Metadata, Node } from "./node.ts";
import { IMPLIED_DIRECTORY, lineage } from "./node.ts";
import { needsContent, planOf } from "./plan.ts";
import type { Step } from "./plan.ts";
import { RootTree } from "./tree.ts";

/** An entry of a merged tree. Its content is to be read before the next entry is asked for. */
export interface RootEntry extends TarEntry {
  /** Index of the layer that brought it. */
  readonly layer: number;
  /** The whole content where it is in memory anyway. */
  readonly bytes?: Uint8Array | undefined;
  readonly content: () => ByteStream | Uint8Array;
}

export interface MergeOptions extends Cancellable {
  readonly limits?: Partial<Limits> | undefined;
}

interface Range {
  /** Index of the first layer whose effect is wanted. */
  readonly from: number;
  /** Index after the last one. */
  readonly to: number;
}

/**
 * What a range of layers does to those below it: with `from` 0 the merged root filesystem, otherwise
 * a layer with whiteouts. Reads the headers of all layers up to `to` and then, again, those layers
 * whose files are wanted; only names and metadata stay in memory. Each name comes once, after the
 * directory that it lies in; the same layers give the same entries in the same order.
 */
export async function* mergedEntries(
  layers: readonly Layer[],
  { from, to }: Range,
  options: MergeOptions,
): AsyncGenerator<RootEntry, void, undefined> {
  const used = layers.slice(0, to);
  const tree = new RootTree(from, options.limits?.maxNesting);
  for (const layer of used) {
    tree.beginLayer();
    let ordinal = 0;
    for await (const batch of readTarBatches(layer.tar(options), options)) {
      for (const member of batch) tree.apply(member, ordinal++);
    }
    tree.endLayer();
  }
  const plan = planOf(tree, from, to);
  const writer = new EntryWriter();
  for (const node of plan.removed) yield* writer.whiteout(node, to - 1);
  for (const [i, steps] of plan.layers.entries()) {
    const layer = used[i];
    if (layer !== undefined && needsContent(steps)) yield* withContent(layer, steps, writer, options);
    else for (const step of steps) yield* writer.entries(step, undefined);
  }
}

/**
 * The tar is read to its end, also after the last file that is wanted: only the end tells whether
 * the bytes were the promised ones.
 */
async function* withContent(
  layer: Layer,
  steps: readonly Step[],
  writer: EntryWriter,
  options: MergeOptions,
): AsyncGenerator<RootEntry, void, undefined> {
  const ahead = steps.values();
  let next = ahead.next();
  let ordinal = -1;
  const due = function* (member: TarMember | undefined): Generator<RootEntry, void, undefined> {
    while (next.done !== true && next.value.ordinal === ordinal) {
      yield* writer.entries(next.value, member);
      next = ahead.next();
    }
  };
  yield* due(undefined);
  for await (const batch of readTarBatches(layer.tar(options), options)) {
    for (const member of batch) {
      ordinal += 1;
      yield* due(member);
    }
  }
}

/** Turns steps into entries: directories before what lies in them, each once. */
class EntryWriter {
  readonly #written = new Set<Node>();

  *whiteout(node: Node, layer: number): Generator<RootEntry, void, undefined> {
    if (node.parent === undefined) return;
    yield* this.#directories(node.parent);
    const directory = node.parent.parent === undefined ? "" : `${node.parent.path}/`;
    yield entry(`${directory}.wh.${node.name}`, WHITEOUT, layer);
  }

  *entries(
    { inode, nodes, linkTo }: Step,
    member: TarMember | undefined,
  ): Generator<RootEntry, void, undefined> {
    const { metadata, layer } = inode;
    let target = linkTo;
    for (const node of nodes) {
      if (node.isDirectory) {
        // The root is an entry only where a layer has it as one.
        if (node.parent === undefined && inode.ordinal >= 0) yield* this.#write(node);
        yield* this.#directories(node);
        continue;
      }
      if (node.parent !== undefined) yield* this.#directories(node.parent);
      if (target === undefined) yield entry(node.path, metadata, layer, member);
      else yield entry(node.path, { ...metadata, type: "hardlink", size: 0, linkPath: target.path }, layer);
      target ??= node;
    }
  }

  /** A directory and those it lies in, as far as they are not written. */
  *#directories(node: Node): Generator<RootEntry, void, undefined> {
    const missing = [...lineage(node)].filter((directory) => !this.#written.has(directory));
    for (const directory of missing.toReversed()) yield* this.#write(directory);
  }

  *#write(directory: Node): Generator<RootEntry, void, undefined> {
    if (this.#written.has(directory)) return;
    this.#written.add(directory);
    yield entry(directory.path, directory.inode.metadata, directory.inode.layer);
  }
}

const WHITEOUT: Metadata = { ...IMPLIED_DIRECTORY, type: "file", mode: 0 };
const NO_BYTES = new Uint8Array(0);

function entry(path: string, metadata: Metadata, layer: number, member?: TarMember): RootEntry {
  const isFile = metadata.type === "file" && member !== undefined;
  return {
    ...metadata,
    path,
    layer,
    ...(isFile && member.bytes !== undefined ? { bytes: member.bytes } : {}),
    content: isFile ? member.content : () => NO_BYTES,
  };
}
