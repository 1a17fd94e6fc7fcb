/** A word of a NAR: its length, its bytes, zeros up to 8. */
export function word(text: string | Uint8Array): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  return Buffer.concat([length, bytes, Buffer.alloc((8 - (bytes.length % 8)) % 8)]);
}

export function words(...texts: readonly (string | Uint8Array)[]): Buffer {
  return Buffer.concat(texts.map(word));
}

export function fileNode(content: string | Uint8Array): Buffer {
  return words("(", "type", "regular", "contents", content, ")");
}

export function symlinkNode(target: string): Buffer {
  return words("(", "type", "symlink", "target", target, ")");
}

/** Entries in just this order, however wrong it is. */
export function directoryNode(...entries: readonly (readonly [string | Uint8Array, Buffer])[]): Buffer {
  const inside = entries.map(([name, node]) =>
    Buffer.concat([words("entry", "(", "name", name, "node"), node, word(")")]),
  );
  return Buffer.concat([words("(", "type", "directory"), ...inside, word(")")]);
}

export function archive(node: Buffer): Buffer {
  return Buffer.concat([word("nix-archive-1"), node]);
}
