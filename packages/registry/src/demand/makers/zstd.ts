import type { Maker } from "../maker.ts";

export const zstd: Maker = {
  name: "zstd",
  title: "An image whose layers are compressed with zstd",
  examples: [{ repository: "zstd/flatten/docker.io/library/redis", tag: "7" }],
  how: "make",
};
