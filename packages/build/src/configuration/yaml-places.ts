import { type Document, isMap, isPair, isScalar, isSeq, type LineCounter } from "yaml";
import type { Places } from "./complaint.ts";

/** The places of a document of YAML, or of JSON read as such. */
export function placesOfYaml(document: Document, lines: LineCounter): Places {
  return (path, what) => {
    const offset = offsetOf(document, path, what);
    if (offset === undefined) return undefined;
    const { line, col } = lines.linePos(offset);
    return { line, column: col };
  };
}

function offsetOf(
  document: Document,
  path: readonly (string | number)[],
  what: "key" | "value",
): number | undefined {
  let node: unknown = document.contents;
  let offset = offsetOfNode(node);
  for (const [depth, part] of path.entries()) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => nameOf(key) === String(part));
      if (pair === undefined || !isPair(pair)) return offset;
      const isLast = depth === path.length - 1;
      offset =
        (isLast && what === "key" ? undefined : offsetOfNode(pair.value)) ?? offsetOfNode(pair.key) ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof part === "number") {
      node = node.items[part];
      offset = offsetOfNode(node) ?? offset;
    } else {
      return offset;
    }
  }
  return offset;
}

/** A key as it is written. */
export function nameOf(key: unknown): string {
  return isScalar(key) ? (key.source ?? String(key.value)) : String(key);
}

function offsetOfNode(node: unknown): number | undefined {
  return isScalar(node) || isMap(node) || isSeq(node) ? node.range?.[0] : undefined;
}
