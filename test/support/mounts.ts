import { readFileSync } from "node:fs";
import { unmount, UNMOUNT_FLAGS } from "@cooper/sys";

/** What an engine that had to be killed left mounted would keep its directory from being removed. */
export function unmountBeneath(directory: string): void {
  const places = readFileSync("/proc/self/mounts", "utf8")
    .split("\n")
    .map((line) => line.split(" ")[1] ?? "")
    .filter((place) => place.startsWith(`${directory}/`));
  for (const place of places.toReversed()) unmount(place, UNMOUNT_FLAGS.detach);
}
