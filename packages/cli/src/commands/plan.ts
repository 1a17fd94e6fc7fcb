import type { Locks, Plan } from "@cooper/build";
import { formatPlatform } from "@cooper/oci";
import { defineCommand } from "../command.ts";
import type { Terminal } from "../display/terminal.ts";
import { flag, globalFlags, jsonFlag } from "../flags.ts";
import type { GlobalFlags, JsonFlag } from "../flags.ts";
import { repositoryFlags } from "../packages.ts";
import type { RepositoryFlags } from "../packages.ts";
import { platformsFlag } from "../places.ts";
import type { PlatformsFlag } from "../places.ts";
import { planOf, sourceFlags } from "../source.ts";
import type { SourceFlags } from "../source.ts";

type Flags = GlobalFlags &
  JsonFlag &
  SourceFlags &
  RepositoryFlags &
  PlatformsFlag & {
    readonly lock?: boolean | undefined;
    readonly format?: "json" | "text" | undefined;
  };

export const plan = defineCommand<Flags, [string | undefined]>({
  description: `Prints how an application's source would become an image: which packages, which commands, what the image
gets and how it starts. cooper build --plan FILE runs what this printed. Nothing is built or fetched. With --lock it also
says what its references come to now, every package by version and digest: then the same source gives the same image on
any machine and any day. For that indexes are read, and no package fetched.`,
  examples: [
    { run: "plan .", shows: "As JSON" },
    { run: "plan . --format text", shows: "For people" },
    { run: "plan . --start 'node worker.js'", shows: "With another command" },
    { run: "plan . --lock", shows: "With the versions and digests that it stands on" },
    { run: "plan . --packages-from nix", shows: "With toolchains and libraries of nixpkgs" },
  ],
  usage: "[FLAGS] [PATH]",
  parameters: {
    flags: {
      ...globalFlags,
      ...jsonFlag,
      ...sourceFlags,
      ...repositoryFlags,
      lock: flag("Resolve its references, and print what they came to with it"),
      platform: { ...platformsFlag.platform, brief: "Lock for these platforms; default: this machine's" },
      format: {
        kind: "enum",
        values: ["json", "text"],
        optional: true,
        brief: "json (default) or text, for people",
      },
    },
    aliases: { e: "env", r: "repository", k: "keyring" },
    positional: {
      kind: "tuple",
      parameters: [{ placeholder: "path", brief: "The source; default: .", parse: String, optional: true }],
    },
  },
  async run(terminal, flags, path = ".") {
    const { plan: planned } = await planOf(terminal, path, flags);
    const made = flags.lock === true ? await locked(terminal, planned, flags) : planned;
    if (flags.format === "text") terminal.answer(inWords(made));
    else terminal.answerJson(made);
  },
});

async function locked(terminal: Terminal, planned: Plan, flags: Flags): Promise<Plan> {
  const { lockedPlan } = await import("../lock-source.ts");
  return await lockedPlan(terminal, planned, flags);
}

function inWords({ providers, steps, deploy, locks = {} }: Plan): string {
  const lines = [`provider  ${providers.join(", ")}`];
  for (const [name, step] of Object.entries(steps)) {
    const stands = step.after === undefined ? `on ${(step.root ?? []).join(" and ")}` : `after ${step.after}`;
    lines.push("", `${name}  ${stands}`);
    for (const { from, source, target, include } of step.copies ?? []) {
      lines.push(`  copy ${include === undefined ? source : include.join(" ")} of ${from} to /${target}`);
    }
    for (const { path } of step.files ?? []) lines.push(`  write ${path}`);
    for (const command of step.commands) {
      const line = typeof command === "string" ? command : command.join(" ");
      lines.push(`  run  ${line.replaceAll("\n", "\n       ")}`);
    }
  }
  lines.push("", `image  on ${deploy.root.join(" and ")}`);
  for (const { from, source, target } of deploy.copies)
    lines.push(`  copy ${source} of ${from} to /${target === "." ? "" : target}`);
  lines.push(`  start  ${deploy.command.join(" ")}`);
  for (const [name, command] of Object.entries(deploy.processes ?? {}))
    lines.push(`  ${name}  ${command.join(" ")}`);
  for (const [reference, lock] of Object.entries(locks))
    lines.push(`lock  ${reference}`, ...lockInWords(lock));
  return lines.join("\n");
}

function lockInWords(lock: Locks[string]): readonly string[] {
  if ("digest" in lock) return [`  ${lock.digest}`];
  return lock.solutions.map(({ platform, base, packages }) => {
    const all = [...(base?.packages ?? []), ...packages].map(({ name, version }) => `${name} ${version}`);
    return `  ${formatPlatform(platform)}  ${all.join(", ")}`;
  });
}
