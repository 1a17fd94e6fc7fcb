import { join } from "node:path";
import { parseAddress, serve as serveRegistry } from "@cooper/registry";
import type { Address } from "@cooper/registry";
import { cooperHome } from "@cooper/transport";
import { defineCommand } from "../command.ts";
import { globalFlags, text } from "../flags.ts";
import type { GlobalFlags } from "../flags.ts";
import { stopSignal } from "../stop-signal.ts";

type Flags = GlobalFlags & { readonly listen?: Address | undefined; readonly data?: string | undefined };

export const serve = defineCommand<Flags, []>({
  description: `Serves a registry out of a directory: docker, podman, containerd, skopeo and Cooper push to it and
pull from it. SIGTERM or SIGINT stops it when the transfers under way have ended; a second one stops it at once.`,
  examples: [
    { run: "serve", shows: "On 127.0.0.1:5000, for this machine only" },
    { run: "serve --listen :5000 --data /var/lib/cooper/registry", shows: "For everybody who can reach it" },
  ],
  parameters: {
    flags: {
      ...globalFlags,
      listen: {
        kind: "parsed",
        parse: parseAddress,
        optional: true,
        brief: "Address to listen on (default 127.0.0.1:5000); :PORT is every address",
        placeholder: "HOST:PORT",
      },
      data: text("Keep everything in this directory (default: registry, beside Cooper's store)", "DIR"),
    },
  },
  async run(terminal, flags) {
    await serveRegistry({
      listen: flags.listen ?? { host: "127.0.0.1", port: 5000 },
      data: flags.data ?? join(cooperHome(), "registry"),
      signal: stopSignal(terminal),
      onListening: (url) => terminal.note(`Serving at ${url}`),
    });
  },
});
