import { layerFromPath } from "@cooper/build";
import { append as appendLayers, emptyImage } from "@cooper/oci";
import type { Content, Layer } from "@cooper/oci";
import { hostPlatform } from "@cooper/transport";
import { defineCommand } from "../command.ts";
import { epochOfEnvironment } from "../epoch.ts";
import { globalFlags, text } from "../flags.ts";
import type { GlobalFlags } from "../flags.ts";
import {
  outputAliases,
  outputFlags,
  placeOptions,
  scopeFlags,
  scopeOf,
  withOpened,
  writeOutput,
} from "../places.ts";
import type { OutputFlags, ScopeFlags } from "../places.ts";

type Flags = GlobalFlags & OutputFlags & ScopeFlags & { readonly createdBy?: string | undefined };

export const append = defineCommand<Flags, string[]>({
  usage: "[FLAGS] REF LAYER... -o DEST",
  description: `Puts layers on an image, or on every image of an index, and prints the new digest. A layer is a tar (in
gzip or zstd it is taken byte for byte) or a directory, whose files then belong to root and have the time
of $SOURCE_DATE_EPOCH, or of 1970. The reference "scratch" is an image with nothing in it.`,
  examples: [
    { run: "append alpine:3 app.tar -o oci:app:v1", shows: "A tar as one more layer" },
    { run: "append alpine:3 ./site -t site", shows: "A directory, on every platform; into Cooper's store" },
    { run: "append scratch rootfs.tar.gz -o docker://localhost:5000/base", shows: "A base image of a tar" },
  ],
  parameters: {
    flags: {
      ...globalFlags,
      ...outputFlags,
      ...scopeFlags,
      createdBy: text('What history says of the layers; default: "cooper append"', "TEXT"),
    },
    aliases: outputAliases,
    positional: {
      kind: "array",
      minimum: 2,
      parameter: {
        placeholder: "ref layer",
        brief: "The image, then tars and directories, the lowest first",
        parse: String,
      },
    },
  },
  async run(terminal, flags, ref, ...paths) {
    const { signal } = terminal;
    const epoch = epochOfEnvironment(process.env);
    const layers: Layer[] = [];
    for (const path of paths) layers.push(await layerFromPath(path, { epoch, signal }));
    const put = async (content: Content): Promise<void> => {
      const history = { created_by: flags.createdBy ?? "cooper append" };
      const additions = layers.map((layer) => ({ layer, history }));
      await writeOutput(terminal, flags, appendLayers(content, additions, scopeOf(flags)));
    };
    if (ref === undefined) return;
    if (ref === "scratch") await put(emptyImage(flags.platform?.[0] ?? hostPlatform()));
    else await withOpened(ref, placeOptions(terminal, flags), async ({ content }) => await put(content));
  },
});
