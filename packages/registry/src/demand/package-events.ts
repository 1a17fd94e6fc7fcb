import type { DistroEvent } from "@cooper/distro";
import type { Build } from "./builds.ts";

/** A line in a build's log for what happens while packages become an image. */
export function sayPackageEvent(build: Build, event: DistroEvent): void {
  switch (event.type) {
    case "fetch-started":
      return build.say(`fetches ${event.label}`);
    case "index-loaded":
      return build.say(`knows ${event.packages} packages of ${event.repository}`);
    case "solved":
      return build.say(`needs ${event.packages} packages, ${event.downloadSize} bytes`);
    case "warning":
      return build.say(`${event.subject}: ${event.message}`);
    case "fetch-progress":
    case "fetch-done":
    case "fetch-cached":
      return;
  }
}
