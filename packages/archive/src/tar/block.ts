/** The unit of a tar archive, in bytes: headers are one, content is padded to whole ones. */
export const BLOCK_SIZE = 512;

/** Bytes from the end of a content of this size to the end of its last block. */
export function paddingOf(size: number): number {
  const used = size % BLOCK_SIZE;
  return used === 0 ? 0 : BLOCK_SIZE - used;
}

/** Where the fields of a header block lie: POSIX.1-2017, pax, "ustar Interchange Format". */
export const FIELD = {
  name: { offset: 0, length: 100 },
  mode: { offset: 100, length: 8 },
  uid: { offset: 108, length: 8 },
  gid: { offset: 116, length: 8 },
  size: { offset: 124, length: 12 },
  mtime: { offset: 136, length: 12 },
  checksum: { offset: 148, length: 8 },
  typeFlag: { offset: 156, length: 1 },
  linkName: { offset: 157, length: 100 },
  magic: { offset: 257, length: 8 },
  userName: { offset: 265, length: 32 },
  groupName: { offset: 297, length: 32 },
  deviceMajor: { offset: 329, length: 8 },
  deviceMinor: { offset: 337, length: 8 },
  prefix: { offset: 345, length: 155 },
} as const;

export interface Field {
  readonly offset: number;
  readonly length: number;
}

/** The sum of all bytes of a header, its checksum field read as spaces. */
export function unsignedSum(block: Uint8Array): number {
  let sum = 8 * 0x20;
  for (let i = 0; i < 148; i++) sum += block[i] ?? 0;
  for (let i = 156; i < BLOCK_SIZE; i++) sum += block[i] ?? 0;
  return sum;
}

/** The same with bytes taken as -128 to 127, as Sun's and old BSD's tar summed them. */
export function signedSum(block: Uint8Array): number {
  let sum = unsignedSum(block);
  for (let i = 0; i < BLOCK_SIZE; i++) {
    if ((i < 148 || i >= 156) && (block[i] ?? 0) > 127) sum -= 256;
  }
  return sum;
}
