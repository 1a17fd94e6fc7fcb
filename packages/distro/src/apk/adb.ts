/**
 * Whether bytes begin as the files of apk-tools 3 do (apk-v3(5), adb): indexes and packages alike, plain,
 * deflated or with another compression. Alpine and Wolfi still publish those of version 2.
 */
export function isAdb(bytes: Uint8Array): boolean {
  const [first, second, third, fourth = 0] = bytes;
  return first === 0x41 && second === 0x44 && third === 0x42 && [0x2e, 0x64, 0x63].includes(fourth);
}
