import { readFileSync } from "node:fs";
import { type TarInput, writeTar } from "@cooper/archive";
import { type Image, makeImage, makeLayer } from "@cooper/oci";
import type { TestContext } from "node:test";
import { requireProgram } from "@cooper/test";

const APPLETS = [
  "sh",
  "cat",
  "echo",
  "ls",
  "mkdir",
  "rm",
  "sleep",
  "wc",
  "id",
  "ip",
  "test",
  "touch",
  "env",
  "yes",
  "ln",
];

/** A root filesystem of Debian's busybox-static; undefined, and the test skipped, where there is none. */
export function busyboxImage(t: TestContext): Image | undefined {
  const busybox = requireProgram(t, "busybox");
  if (busybox === undefined) return undefined;
  const members: TarInput[] = [
    { path: "bin", type: "directory" },
    { path: "bin/busybox", type: "file", mode: 0o755, bytes: readFileSync(busybox) },
    ...APPLETS.map((name): TarInput => ({ path: `bin/${name}`, type: "symlink", linkPath: "busybox" })),
    { path: "etc", type: "directory" },
    { path: "etc/passwd", type: "file", bytes: Buffer.from("root:x:0:0::/:/bin/sh\n") },
    { path: "etc/removed", type: "file", bytes: Buffer.from("removed by a step") },
  ];
  const layer = makeLayer({ tar: () => writeTar(members), compression: "none" });
  return makeImage({ config: { os: "linux", architecture: "amd64" }, layers: [layer] });
}
