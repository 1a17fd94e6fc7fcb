import { readFileSync } from "node:fs";
import { writeTar } from "@cooper/archive";
import { makeImage, makeLayer } from "@cooper/oci";
import { runImage } from "./run.ts";

/** Runs a container that sleeps, for the test that kills this process. Its argument is Cooper's home. */
const members = [
  { path: "bin", type: "directory" as const },
  { path: "bin/busybox", type: "file" as const, mode: 0o755, bytes: readFileSync("/bin/busybox") },
];
await runImage(
  makeImage({
    config: { os: "linux", architecture: "amd64", config: {} },
    layers: [makeLayer({ tar: () => writeTar(members) })],
  }),
  {
    home: process.argv[2] ?? "",
    arguments: ["/bin/busybox", "sleep", "60"],
    onEvent: (event) => {
      if (event.type === "started") process.stdout.write(`${event.id}\n`);
    },
  },
);
