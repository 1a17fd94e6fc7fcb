import { collectGarbage, gcOptions, isMadeBy, openStorage } from "@cooper/registry";
import { defineCommand } from "../command.ts";
import { formatBytes } from "../display/units.ts";
import { globalFlags, jsonFlag } from "../flags.ts";
import type { GlobalFlags, JsonFlag } from "../flags.ts";
import type { RegistryGcAnswer } from "../schemas/registry.ts";
import { configFlag, settingFlags, setUp } from "../serve-settings.ts";
import type { SettingFlags } from "../serve-settings.ts";

const SETTINGS = ["data", "gcGrace", "gcUploads", "madeTime", "madeBytes", "make"] as const;

export const registryGc = defineCommand<GlobalFlags & JsonFlag & SettingFlags<(typeof SETTINGS)[number]>, []>(
  {
    description: `Removes from a registry's directory what nobody needs: blobs that no manifest names, uploads that nobody
goes on with, made images that nobody asks for. Safe at any moment, while any number of processes serve the
directory and clients push and pull; "cooper serve" does the same by itself, as gcEvery says.`,
    examples: [{ run: "registry gc --data /var/lib/cooper/registry", shows: "Once, now" }],
    parameters: { flags: { ...globalFlags, ...jsonFlag, ...configFlag, ...settingFlags(SETTINGS) } },
    async run(terminal, flags) {
      const { settings } = setUp(terminal, flags);
      const { outcome, removed, kept, expired } = await collectGarbage(openStorage(settings), {
        ...gcOptions(settings),
        isMade: isMadeBy(settings),
        signal: terminal.signal,
      });
      const answer = {
        outcome,
        removed: { ...removed, images: expired.images },
        kept,
      } satisfies RegistryGcAnswer;
      if (flags.json === true) terminal.answerJson(answer);
      else if (outcome === "busy") terminal.answer("Another process is collecting; nothing was done");
      else {
        terminal.answer(
          `${removed.blobs} blobs, ${removed.uploads} uploads and ${removed.manifests} manifests removed, ` +
            `${formatBytes(removed.bytes)} freed, ${kept.blobs} blobs kept`,
        );
      }
    },
  },
);
