import { viewRoot } from "@cooper/oci";
import { defineCommand } from "../command.ts";
import { describeFile, fileAnswer, rawPath } from "../display/file.ts";
import { table } from "../display/table.ts";
import { flag, globalFlags, jsonFlag, registryFlags } from "../flags.ts";
import type { GlobalFlags, JsonFlag, RegistryFlags } from "../flags.ts";
import { placeOptions, platformFlag, referenceArgument, withImage } from "../places.ts";
import type { PlatformFlag } from "../places.ts";

type Flags = GlobalFlags &
  JsonFlag &
  RegistryFlags &
  PlatformFlag & {
    readonly long?: boolean | undefined;
    readonly layers?: boolean | undefined;
    readonly recursive?: boolean | undefined;
  };

export const ls = defineCommand<Flags, [string, string]>({
  description: `Lists the files of an image, as a container would see them: layers merged, symlinks in the path
followed. Names are printed as they are; on a terminal, control characters in them are spelled out.`,
  examples: [
    { run: "ls alpine:3 /etc", shows: "The names in a directory" },
    { run: "ls -lR alpine:3", shows: "All files with mode, owner, size and time" },
    { run: "ls -l --layers nginx /etc/nginx", shows: "Also which layer each comes from" },
  ],
  parameters: {
    flags: {
      ...globalFlags,
      ...jsonFlag,
      ...registryFlags,
      ...platformFlag,
      long: flag("With mode, owner, size and time"),
      layers: flag("With the number of the layer that each comes from; the base is 0"),
      recursive: flag("With everything below, as paths"),
    },
    aliases: { l: "long", R: "recursive" },
    positional: {
      kind: "tuple",
      parameters: [
        referenceArgument("Whose files"),
        { placeholder: "path", brief: "Which directory, or file", parse: String, default: "/" },
      ],
    },
  },
  async run(terminal, flags, ref, path) {
    const options = { ...placeOptions(terminal, flags), platform: flags.platform };
    await withImage(ref, options, async (image) => {
      const view = await viewRoot(image, { signal: terminal.signal });
      const isRecursive = flags.recursive === true;
      const files = isRecursive ? [...view.walk(path)] : view.list(path);
      if (flags.json === true) {
        const { layers } = await image.manifest({ signal: terminal.signal });
        terminal.answerJson({ entries: files.map((file) => fileAnswer(file, layers)) });
        return;
      }
      if (flags.long !== true && flags.layers !== true && !terminal.interactive) {
        const names = files.flatMap((file) => [
          rawPath(file, isRecursive ? "path" : "name"),
          Buffer.of(0x0a),
        ]);
        await terminal.answerRaw(Buffer.concat(names));
        return;
      }
      const columns = [
        ...(flags.layers === true ? (["layer"] as const) : []),
        ...(flags.long === true ? (["long"] as const) : []),
      ];
      const rows = files.map((file) => describeFile(file, { name: isRecursive ? "path" : "name", columns }));
      const numbers = [
        ...(flags.layers === true ? [0] : []),
        ...(flags.long === true ? [columns.length + 1] : []),
      ];
      if (rows.length > 0) terminal.answer(table(rows, { right: numbers }));
    });
  },
});
