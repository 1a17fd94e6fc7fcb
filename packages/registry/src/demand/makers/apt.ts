import type { Maker } from "../maker.ts";

export const apt: Maker = {
  name: "apt",
  title: "Debian packages, with all that they need",
  examples: [
    { repository: "apt/curl/jq", tag: "latest" },
    { repository: "apt/nginx-light", tag: "bookworm" },
  ],
  how: "make",
};
