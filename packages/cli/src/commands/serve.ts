import { join } from "node:path";
import {
  aboutSetting,
  createLog,
  readSettings,
  serve as serveRegistry,
  SETTING_NAMES,
} from "@cooper/registry";
import type { SettingName } from "@cooper/registry";
import { cooperHome } from "@cooper/transport";
import { defineCommand } from "../command.ts";
import { globalFlags, text } from "../flags.ts";
import type { GlobalFlags, TextFlag } from "../flags.ts";
import { stopSignal } from "../stop-signal.ts";

type Flags = GlobalFlags & { readonly config?: string | undefined } & {
  readonly [Name in SettingName]?: string | undefined;
};

export const serve = defineCommand<Flags, []>({
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
  parameters: {
    flags: {
      ...globalFlags,
      config: text("Read settings from this YAML file (also $COOPER_SERVE_CONFIG)", "FILE"),
      ...settingFlags(),
    },
  },
  async run(terminal, flags) {
    const { settings, unknownVariables } = readSettings({
      flags,
      environment: process.env,
      file: flags.config,
      defaults: { data: join(cooperHome(), "registry") },
    });
    const isTerminal = process.stderr.isTTY;
    const log = createLog({
      format: settings.logFormat === "auto" ? (isTerminal ? "plain" : "json") : settings.logFormat,
      level: terminal.quiet ? "error" : settings.logLevel,
      write: (line) => process.stderr.write(line),
      now: Date.now,
    });
    for (const name of unknownVariables) log("warn", `$${name} is no setting, and has no effect`);
    await serveRegistry({ settings, log, signal: stopSignal(terminal) });
  },
});

type SettingFlags = Readonly<Record<SettingName, TextFlag>>;

function settingFlags(): SettingFlags {
  const flags: Partial<Record<SettingName, TextFlag>> = {};
  for (const name of SETTING_NAMES) {
    const { description, placeholder } = aboutSetting(name);
    flags[name] = text(description, placeholder);
  }
  if (hasAll(flags)) return flags;
  throw new Error("a setting has no flag");
}

function hasAll(flags: Partial<SettingFlags>): flags is SettingFlags {
  return SETTING_NAMES.every((name) => name in flags);
}
