/** CRC-32 with the highest bit first, as bzip2 has it; zlib's is the mirror image. */
export function crcOf(bytes: Uint8Array, crc: number): number {
  let value = crc;
  for (let index = 0; index < bytes.length; index++) {
    value = (value << 8) ^ (TABLE[(value >>> 24) ^ (bytes[index] ?? 0)] ?? 0);
  }
  return value;
}

const TABLE: Int32Array = Int32Array.from({ length: 256 }, (_, byte) => {
  let value = byte << 24;
  for (let bit = 0; bit < 8; bit++) value = (value << 1) ^ (value < 0 ? 0x04c11db7 : 0);
  return value;
});
