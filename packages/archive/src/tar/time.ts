import type { Timestamp } from "./entry.ts";

/**
 * A PAX time such as `-1.5`, without floating point: seconds round down, as in `struct timespec`,
 * and what is finer than a nanosecond is dropped downwards too. Undefined where it is no number.
 */
export function parsePaxTime(text: string): Timestamp | undefined {
  const match = /^([-+]?)(\d{1,16})(?:\.(\d*))?$/.exec(text);
  if (match === null) return undefined;
  const [, sign, whole = "", fraction = ""] = match;
  let seconds = Number(whole);
  let nanoseconds = Number(fraction.slice(0, 9).padEnd(9, "0"));
  if (sign === "-") {
    const isFiner = /[1-9]/.test(fraction.slice(9));
    if (isFiner) nanoseconds++;
    seconds = seconds === 0 ? 0 : -seconds;
    if (nanoseconds > 0) {
      seconds--;
      nanoseconds = 1e9 - nanoseconds;
    }
  }
  return Number.isSafeInteger(seconds) ? { seconds, nanoseconds } : undefined;
}

/** The shortest PAX time that says exactly this. */
export function formatPaxTime({ seconds, nanoseconds }: Timestamp): string {
  if (nanoseconds === 0) return String(seconds);
  // Before 1970 the fraction counts down: -2 s and 500 000 000 ns are -1.5.
  const whole = seconds < 0 ? -(seconds + 1) : seconds;
  const part = seconds < 0 ? 1e9 - nanoseconds : nanoseconds;
  const fraction = String(part).padStart(9, "0").replace(/0+$/, "");
  return `${seconds < 0 ? "-" : ""}${whole}.${fraction}`;
}
