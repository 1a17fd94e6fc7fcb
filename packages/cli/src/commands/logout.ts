import { logout as removeStored } from "@cooper/transport";
import { defineCommand } from "../command.ts";
import { globalFlags, registryFlags } from "../flags.ts";
import type { GlobalFlags } from "../flags.ts";

type Flags = GlobalFlags & { readonly authFile?: string | undefined };

export const logout = defineCommand<Flags, [string]>({
  description: `Forgets the credentials for a registry, in every file and helper where Cooper would find them.`,
  examples: [{ run: "logout ghcr.io", shows: "Nothing is found for ghcr.io afterwards" }],
  parameters: {
    flags: { ...globalFlags, authFile: registryFlags.authFile },
    positional: {
      kind: "tuple",
      parameters: [{ placeholder: "registry", brief: "Host of the registry", parse: String }],
    },
  },
  async run(terminal, flags, host) {
    const places = await removeStored(host, { authFile: flags.authFile });
    for (const { place } of places) terminal.note(`Removed the credentials for ${host} from ${place}`);
    if (places.length === 0) terminal.note(`There were no credentials for ${host}`);
  },
});
