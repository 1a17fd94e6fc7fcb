import { historyOf } from "@cooper/oci";
import { defineCommand } from "../command.ts";
import { instruction } from "../display/instruction.ts";
import { printable } from "../display/printable.ts";
import { clip } from "../display/progress.ts";
import { table } from "../display/table.ts";
import { shortDigest } from "../display/transfer.ts";
import { formatBytes } from "../display/units.ts";
import { flag, globalFlags, jsonFlag, registryFlags } from "../flags.ts";
import type { GlobalFlags, JsonFlag, RegistryFlags } from "../flags.ts";
import { placeOptions, platformFlag, referenceArgument, withImage } from "../places.ts";
import type { PlatformFlag } from "../places.ts";

type Flags = GlobalFlags & JsonFlag & RegistryFlags & PlatformFlag & { readonly full?: boolean | undefined };

export const history = defineCommand<Flags, [string]>({
  description: `Shows the steps that an image was made by, the first one first, each with the layer that it made.`,
  examples: [
    { run: "history alpine:3", shows: "The steps of an image" },
    { run: "history --full nginx", shows: "With the instructions as they are" },
  ],
  parameters: {
    flags: {
      ...globalFlags,
      ...jsonFlag,
      ...registryFlags,
      ...platformFlag,
      full: flag("Show instructions whole and as they stand in the config"),
    },
    positional: { kind: "tuple", parameters: [referenceArgument("Whose steps")] },
  },
  async run(terminal, flags, ref) {
    const options = { ...placeOptions(terminal, flags), platform: flags.platform };
    await withImage(ref, options, async (image) => {
      const steps = await historyOf(image, { signal: terminal.signal });
      if (flags.json === true) {
        terminal.answerJson({ steps });
        return;
      }
      const rows = steps.map(({ created, created_by: createdBy = "", layer, comment }) => [
        created?.slice(0, 19).replace("T", " ") ?? "",
        layer === undefined ? "" : shortDigest(layer.digest),
        layer === undefined ? "" : formatBytes(layer.size),
        printable(flags.full === true ? createdBy : instruction(createdBy) || (comment ?? "")),
      ]);
      const width = terminal.interactive && flags.full !== true ? terminal.columns : Infinity;
      const lines = table([["CREATED", "LAYER", "SIZE", "STEP"], ...rows], { right: [2] }).split("\n");
      terminal.answer(lines.map((line) => clip(line, width)).join("\n"));
    });
  },
});
