import { serve as serveRegistry, SETTING_NAMES } from "@cooper/registry";
import type { SettingName } from "@cooper/registry";
import { defineCommand } from "../command.ts";
import { globalFlags } from "../flags.ts";
import type { GlobalFlags } from "../flags.ts";
import { configFlag, settingFlags, setUp } from "../serve-settings.ts";
import type { SettingFlags } from "../serve-settings.ts";
import { stopSignal } from "../stop-signal.ts";

export const serve = defineCommand<GlobalFlags & SettingFlags<SettingName>, []>({
  description: `Serves a registry out of a directory: docker, podman, containerd, skopeo and Cooper push to it and
pull from it. SIGTERM or SIGINT stops it when the transfers under way have ended; a second one stops it at once.
Each setting is also a key of the config file (idleTime) and an environment variable (COOPER_SERVE_IDLE_TIME);
a flag counts first, then the variable, then the file. Lists are separated by semicolons.`,
  usage: "[FLAGS]",
  examples: [
    { run: "serve", shows: "On 127.0.0.1:5000, for this machine only" },
    { run: "serve --listen :5000 --data /var/lib/cooper/registry", shows: "For everybody who can reach it" },
    {
      run: "serve --config /etc/cooper/serve.yaml",
      shows: "As a service; docs/serve.md has one for systemd",
    },
  ],
  parameters: { flags: { ...globalFlags, ...configFlag, ...settingFlags(SETTING_NAMES) } },
  async run(terminal, flags) {
    await serveRegistry({ ...setUp(terminal, flags), signal: stopSignal(terminal) });
  },
});
