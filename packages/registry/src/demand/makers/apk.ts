import type { Maker } from "../maker.ts";

export const apk: Maker = {
  name: "apk",
  title: "Alpine packages",
  examples: [{ repository: "apk/busybox/curl", tag: "latest" }],
  how: "make",
};
