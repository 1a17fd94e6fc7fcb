import type { Plan } from "@cooper/build";
import { defineCommand } from "../command.ts";
import { globalFlags, jsonFlag } from "../flags.ts";
import type { GlobalFlags, JsonFlag } from "../flags.ts";
import { planOf, sourceFlags } from "../source.ts";
import type { SourceFlags } from "../source.ts";

type Flags = GlobalFlags & JsonFlag & SourceFlags & { readonly format?: "json" | "text" | undefined };

export const plan = defineCommand<Flags, [string | undefined]>({
  description: `Prints how an application's source would become an image: which packages, which commands, what the image
gets and how it starts. cooper build --plan FILE runs what this printed. Nothing is built or fetched.`,
  examples: [
    { run: "plan .", shows: "As JSON" },
    { run: "plan . --format text", shows: "For people" },
    { run: "plan . --start 'node worker.js'", shows: "With another command" },
    { run: "plan . --packages-from nix", shows: "With toolchains and libraries of nixpkgs" },
  ],
  usage: "[FLAGS] [PATH]",
  parameters: {
    flags: {
      ...globalFlags,
      ...jsonFlag,
      ...sourceFlags,
      format: {
        kind: "enum",
        values: ["json", "text"],
        optional: true,
        brief: "json (default) or text, for people",
      },
    },
    aliases: { e: "env" },
    positional: {
      kind: "tuple",
      parameters: [{ placeholder: "path", brief: "The source; default: .", parse: String, optional: true }],
    },
  },
  async run(terminal, flags, path = ".") {
    const { plan: made } = await planOf(terminal, path, flags);
    if (flags.format === "text") terminal.answer(inWords(made));
    else terminal.answerJson(made);
  },
});

function inWords({ providers, steps, deploy }: Plan): string {
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
  return lines.join("\n");
}
