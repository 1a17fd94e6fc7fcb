const SEED = 5381;

/** MurmurHash3, 32 bits, of a name's UTF-8 bytes: with it apk-tools orders its table of names. */
export function nameHash(name: string): number {
  const bytes = Buffer.from(name, "utf8");
  const blocks = bytes.length - (bytes.length % 4);
  let hash = SEED;
  for (let at = 0; at < blocks; at += 4) {
    hash ^= scramble(bytes.readUInt32LE(at));
    hash = (Math.imul(rotate(hash, 13), 5) + 0xe6546b64) | 0;
  }
  let rest = 0;
  for (let at = bytes.length - 1; at >= blocks; at--) rest = (rest << 8) | (bytes[at] ?? 0);
  if (blocks < bytes.length) hash ^= scramble(rest);
  hash ^= bytes.length;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

function scramble(block: number): number {
  return Math.imul(rotate(Math.imul(block, 0xcc9e2d51), 15), 0x1b873593);
}

function rotate(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
