import { defineCommand } from "../command.ts";
import { descriptorTable } from "../display/summary.ts";
import { globalFlags, jsonFlag, registryFlags, text } from "../flags.ts";
import type { GlobalFlags, JsonFlag, RegistryFlags } from "../flags.ts";
import { placeOptions, platformFlag, referenceArgument, withOpened } from "../places.ts";
import type { PlatformFlag } from "../places.ts";

type Flags = GlobalFlags &
  JsonFlag &
  RegistryFlags &
  PlatformFlag & { readonly artifactType?: string | undefined };

export const referrers = defineCommand<Flags, [string]>({
  description: `Lists the manifests whose subject is the image or index: signatures, SBOMs, attestations. Of a registry
without the referrers API, the fallback tag is read.`,
  examples: [
    { run: "referrers ghcr.io/me/app:v1", shows: "All that refers to it" },
    {
      run: "referrers --artifact-type application/spdx+json --json ghcr.io/me/app:v1",
      shows: "Only SBOMs, for a program",
    },
  ],
  parameters: {
    flags: {
      ...globalFlags,
      ...jsonFlag,
      ...registryFlags,
      ...platformFlag,
      artifactType: text("Only those of this type", "TYPE"),
    },
    positional: { kind: "tuple", parameters: [referenceArgument("What they refer to")] },
  },
  async run(terminal, flags, ref) {
    const { signal } = terminal;
    const { artifactType } = flags;
    const options = { ...placeOptions(terminal, flags), platform: flags.platform };
    await withOpened(ref, options, async ({ content, repository }) => {
      const filter = artifactType === undefined ? {} : { artifactType };
      const found = await repository?.referrers(await content.digest({ signal }), { signal, ...filter });
      if (flags.json === true) terminal.answerJson({ referrers: found ?? [] });
      else if (found !== undefined && found.length > 0) terminal.answer(descriptorTable(found));
    });
  },
});
