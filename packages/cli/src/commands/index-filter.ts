import { filterIndex, parsePlatform } from "@cooper/oci";
import type { Platform } from "@cooper/oci";
import { defineCommand } from "../command.ts";
import { globalFlags } from "../flags.ts";
import type { GlobalFlags } from "../flags.ts";
import {
  outputAliases,
  outputFlags,
  placeOptions,
  referenceArgument,
  requireIndex,
  withOpened,
  writeOutput,
} from "../places.ts";
import type { OutputFlags } from "../places.ts";

type Flags = GlobalFlags & OutputFlags & { readonly platform: readonly Platform[] };

export const indexFilter = defineCommand<Flags, [string]>({
  description: `Makes an index with only some platforms of another one, with their attestations, and prints the new
digest. The images keep theirs.`,
  examples: [
    {
      run: "index filter --platform linux/amd64,linux/arm64 alpine:3 -o docker://localhost:5000/alpine:3",
      shows: "Two of many platforms",
    },
  ],
  parameters: {
    flags: {
      ...globalFlags,
      ...outputFlags,
      platform: {
        kind: "parsed",
        parse: parsePlatform,
        variadic: ",",
        brief: "What to keep; may be given again",
        placeholder: "OS/ARCH",
      },
    },
    aliases: outputAliases,
    positional: { kind: "tuple", parameters: [referenceArgument("The index")] },
  },
  async run(terminal, flags, ref) {
    await withOpened(ref, placeOptions(terminal, flags), async ({ content }) => {
      await writeOutput(terminal, flags, filterIndex(requireIndex(content, ref), flags.platform));
    });
  },
});
