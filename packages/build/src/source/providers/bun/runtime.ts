import type { Settings } from "../provider.ts";
import type { Source } from "../../project/source.ts";
import { npmReferenceTo } from "../../versions/npm-tools.ts";
import type { Runtime } from "../node/node.ts";

/** What a program of one file needs of Debian: the C library, and what says which system this is. */
const LIBRARIES = "apt:base-files/base-passwd/libc6/libgcc-s1/libstdc++6/+nobase";

/** Bun itself, of npm's package for the machine that the image is for: one program. */
export function bunRuntime(source: Source, settings: Settings): Runtime {
  return {
    program: "bun",
    root: [LIBRARIES],
    copies: [{ from: "bun", source: "/opt/bun", target: "usr/local/bin" }],
    steps: {
      bun: {
        root: [npmReferenceTo(source, settings, "bun"), "apt:dash/coreutils"],
        commands: ["install -D -m 755 /app/node_modules/@oven/bun-linux-*/bin/bun /opt/bun/bun"],
      },
    },
  };
}
