import { childrenOf, makeIndex } from "@cooper/oci";
import type { Format } from "@cooper/oci";
import { defineCommand } from "../command.ts";
import { flag, globalFlags } from "../flags.ts";
import type { GlobalFlags } from "../flags.ts";
import { parsePair } from "../parsing.ts";
import { outputAliases, outputFlags, placeOptions, withAllOpened, writeOutput } from "../places.ts";
import type { OutputFlags } from "../places.ts";

type Flags = GlobalFlags &
  OutputFlags & {
    readonly annotation?: readonly (readonly [string, string])[] | undefined;
    readonly format?: Format | undefined;
    readonly nested?: boolean | undefined;
  };

export const indexCreate = defineCommand<Flags, string[]>({
  usage: "[FLAGS] REF... -o DEST",
  description: `Makes an index of images, each for the platform that its config says, and prints its digest. Of an index
among them its images are taken, unless --nested.`,
  examples: [
    {
      run: "index create oci:app:amd64 oci:app:arm64 -o docker://ghcr.io/me/app:v1",
      shows: "Two platforms under one name",
    },
  ],
  parameters: {
    flags: {
      ...globalFlags,
      ...outputFlags,
      annotation: {
        kind: "parsed",
        parse: parsePair,
        optional: true,
        variadic: true,
        brief: "An annotation of the index: NAME=VALUE; may be given again",
        placeholder: "ANNOTATION",
      },
      format: {
        kind: "enum",
        values: ["oci", "docker"],
        optional: true,
        brief: "The index's media type; default: oci",
      },
      nested: flag("Put an index into the index as it is"),
    },
    aliases: { ...outputAliases, a: "annotation" },
    positional: {
      kind: "array",
      parameter: { placeholder: "ref", brief: "Images, the preferred ones first", parse: String },
    },
  },
  async run(terminal, flags, ...references) {
    await withAllOpened(references, placeOptions(terminal, flags), async (contents) => {
      const manifests =
        flags.nested === true ? contents : await childrenOf(contents, { signal: terminal.signal });
      const { annotation, format } = flags;
      const annotations = annotation === undefined ? undefined : Object.fromEntries(annotation);
      await writeOutput(terminal, flags, makeIndex({ manifests, mediaTypes: format, annotations }));
    });
  },
});
