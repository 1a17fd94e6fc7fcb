const SCHILY = "SCHILY.xattr.";
const LIBARCHIVE = "LIBARCHIVE.xattr.";

/** The PAX key that GNU tar, star and Go keep an extended attribute under. */
export function xattrKey(name: string): string {
  return SCHILY + name.replaceAll("%", "%25").replaceAll("=", "%3D");
}

export interface Xattr {
  readonly name: string;
  readonly value: Uint8Array;
}

/**
 * The extended attribute that a PAX record holds, if it holds one: `SCHILY.xattr.NAME` with the
 * value as it is, or `LIBARCHIVE.xattr.NAME` with a URL-encoded name and the value in base64.
 */
export function parseXattrRecord(key: string, value: Buffer): Xattr | undefined {
  // GNU tar escapes only these two in names, since a key ends at its first "=".
  if (key.startsWith(SCHILY)) {
    const name = key.slice(SCHILY.length).replaceAll(/%3D/gi, "=").replaceAll("%25", "%");
    return { name, value };
  }
  if (key.startsWith(LIBARCHIVE)) {
    return {
      name: decodePercent(key.slice(LIBARCHIVE.length)),
      value: Buffer.from(value.toString("latin1"), "base64"),
    };
  }
  return undefined;
}

function decodePercent(name: string): string {
  if (!name.includes("%")) return name;
  try {
    return decodeURIComponent(name);
  } catch {
    return name; // not URL-encoded after all, or not UTF-8: as it stands
  }
}
