import { DISTANCE_SLOTS, LENGTH_SLOTS } from "./memory";

/*
 * Lengths and distances are written as a slot's symbol and extra bits (RFC 1951, 3.2.5).
 */

export const LENGTH_SLOT_COUNT: u32 = 29;
export const DISTANCE_SLOT_COUNT: u32 = 30;
export const LONGEST: u32 = 258;

const LAST_LENGTH_SLOT: u32 = LENGTH_SLOT_COUNT - 1;

export function lengthSlot(length: u32): u32 {
  return load<u8>(LENGTH_SLOTS + length);
}

export function lengthBase(slot: u32): u32 {
  if (slot < 8) return slot + 3;
  if (slot == LAST_LENGTH_SLOT) return LONGEST;
  return ((4 + (slot & 3)) << lengthExtra(slot)) + 3;
}

export function lengthExtra(slot: u32): u32 {
  return slot < 8 || slot == LAST_LENGTH_SLOT ? 0 : (slot >> 2) - 1;
}

export function distanceSlot(distance: u32): u32 {
  const below = distance - 1;
  return below < 256 ? load<u8>(DISTANCE_SLOTS + below) : load<u8>(DISTANCE_SLOTS + 256 + (below >> 7));
}

export function distanceBase(slot: u32): u32 {
  return slot < 4 ? slot + 1 : ((2 + (slot & 1)) << distanceExtra(slot)) + 1;
}

export function distanceExtra(slot: u32): u32 {
  return slot < 4 ? 0 : (slot >> 1) - 1;
}

/** Fills the constant tables. */
export function fillSlots(): void {
  for (let slot: u32 = 0; slot < LENGTH_SLOT_COUNT; slot++) {
    memory.fill(LENGTH_SLOTS + lengthBase(slot), <u8>slot, 1 << lengthExtra(slot));
  }
  for (let slot: u32 = 0; slot < DISTANCE_SLOT_COUNT; slot++) {
    const below = distanceBase(slot) - 1;
    const span: u32 = 1 << distanceExtra(slot);
    if (below < 256) memory.fill(DISTANCE_SLOTS + below, <u8>slot, span);
    else memory.fill(DISTANCE_SLOTS + 256 + (below >> 7), <u8>slot, span >> 7);
  }
}
