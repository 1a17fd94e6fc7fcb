import { flatten as flattenLayers, squash } from "@cooper/oci";
import { defineCommand } from "../command.ts";
import { globalFlags } from "../flags.ts";
import type { GlobalFlags } from "../flags.ts";
import {
  outputAliases,
  outputFlags,
  placeOptions,
  referenceArgument,
  scopeFlags,
  scopeOf,
  withOpened,
  writeOutput,
} from "../places.ts";
import type { OutputFlags, ScopeFlags } from "../places.ts";

interface LayerRange {
  readonly from: number;
  /** After the last one; undefined: to the top. */
  readonly to: number | undefined;
}

type Flags = GlobalFlags & OutputFlags & ScopeFlags & { readonly layers?: LayerRange | undefined };

export const flatten = defineCommand<Flags, [string]>({
  description: `Makes one layer of all layers of an image, or of every image of an index, without anything that was
hidden or removed, and prints the new digest. With --layers, only a range of layers becomes one and the
others stay as they are.`,
  examples: [
    { run: "flatten nginx -o oci:nginx:flat", shows: "One layer" },
    {
      run: "flatten --layers 2-4 oci:app:v1 -o oci:app:squashed",
      shows: "Three layers become one; the base is 0",
    },
    { run: "flatten --layers 1- app -t app:small", shows: "Everything above the base's first layer" },
  ],
  parameters: {
    flags: {
      ...globalFlags,
      ...outputFlags,
      ...scopeFlags,
      layers: {
        kind: "parsed",
        parse: parseRange,
        optional: true,
        brief: "Only these layers: FIRST-LAST, FIRST- or one; the base is 0",
        placeholder: "RANGE",
      },
    },
    aliases: outputAliases,
    positional: { kind: "tuple", parameters: [referenceArgument("What to flatten")] },
  },
  async run(terminal, flags, ref) {
    const scope = scopeOf(flags);
    await withOpened(ref, placeOptions(terminal, flags), async ({ content }) => {
      const { layers } = flags;
      const made =
        layers === undefined ? flattenLayers(content, scope) : squash(content, { ...scope, ...layers });
      await writeOutput(terminal, flags, made);
    });
  },
});

function parseRange(input: string): LayerRange {
  const [, first, dash, last = ""] = /^(\d+)(-?)(\d*)$/.exec(input) ?? [];
  if (first === undefined) throw new Error("write it as 2-4, 2- or 2");
  const from = Number(first);
  if (dash === "") return { from, to: from + 1 };
  return { from, to: last === "" ? undefined : Number(last) + 1 };
}
