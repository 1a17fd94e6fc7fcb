/*
 * What a user who is not root may not set on a file is written down in an attribute of it, so that
 * packing gives it back: docs/unpacking.md, "Owners".
 */

/**
 * The attribute of rootlesscontaine.rs that umoci and PRoot use too: a protocol buffer with the uid
 * as field 1 and the gid as field 2, either left out when 0.
 */
export const OWNER_XATTR = "user.rootlesscontainers";

/** On an empty file that stands for a device node: `c MAJOR MINOR` or `b MAJOR MINOR`. */
export const DEVICE_XATTR = "user.cooper.device";

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export interface Device {
  readonly type: "character-device" | "block-device";
  readonly deviceMajor: number;
  readonly deviceMinor: number;
}

/** The highest number that a uid or a gid can be: the one above it means "leave it". */
export const MAX_ID = 0xffff_fffe;

export function encodeOwner({ uid, gid }: Owner): Buffer {
  return Buffer.from([...field(1, uid), ...field(2, gid)]);
}

/** Undefined where the bytes are not such a record. */
export function decodeOwner(bytes: Uint8Array): Owner | undefined {
  const ids = [0, 0, 0];
  for (let at = 0; at < bytes.length;) {
    const tag = bytes[at++] ?? 0;
    if (tag !== 0x08 && tag !== 0x10) return undefined;
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes[at++];
      if (byte === undefined || scale > 2 ** 35) return undefined;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) break;
    }
    if (value > MAX_ID) return undefined;
    ids[tag >> 3] = value;
  }
  return { uid: ids[1] ?? 0, gid: ids[2] ?? 0 };
}

export function encodeDevice({ type, deviceMajor, deviceMinor }: Device): Buffer {
  return Buffer.from(`${type === "character-device" ? "c" : "b"} ${deviceMajor} ${deviceMinor}`);
}

export function decodeDevice(bytes: Uint8Array): Device | undefined {
  const match = /^([cb]) (\d{1,7}) (\d{1,7})$/.exec(Buffer.from(bytes).toString("latin1"));
  if (match === null) return undefined;
  return {
    type: match[1] === "c" ? "character-device" : "block-device",
    deviceMajor: Number(match[2]),
    deviceMinor: Number(match[3]),
  };
}

function field(number: number, value: number): number[] {
  if (value === 0) return [];
  const bytes = [number << 3];
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest];
    bytes.push((rest % 128) | 0x80);
  }
}
