import { buildCommand } from "@stricli/core";
import type { BaseArgs, BaseFlags, Command, CommandContext, TypedCommandParameters } from "@stricli/core";
import type { Terminal } from "./display/terminal.ts";
import type { GlobalFlags } from "./flags.ts";

/** What stricli hands to a command. */
export interface Invocation extends CommandContext {
  /** Runs the command's action with a terminal; prints what it throws and keeps the exit status. */
  readonly attempt: (flags: GlobalFlags, action: (terminal: Terminal) => Promise<void>) => Promise<void>;
}

export interface Example {
  /** What to type after `cooper`. */
  readonly run: string;
  /** What it does, in a few words. */
  readonly shows: string;
}

/** One command: what it says about itself, what it takes, what it does. */
export interface Definition<Flags extends GlobalFlags & BaseFlags, Args extends BaseArgs> {
  /** What it does, in full sentences: `--help` and docs/commands.md show it. */
  readonly description: string;
  /** The usage line after the command's name, where the generated one would not say it. */
  readonly usage?: string;
  readonly examples: readonly [Example, ...Example[]];
  readonly parameters: TypedCommandParameters<Flags, Args, Invocation>;
  readonly run: (terminal: Terminal, flags: Flags, ...args: Args) => Promise<void>;
}

/** A command that is only waiting for its one-line brief, which the table of commands holds. */
export type MakeCommand = (brief: string) => Command<Invocation>;

/** Makes a command out of its definition: flags → one call → print. */
export function defineCommand<Flags extends GlobalFlags & BaseFlags, Args extends BaseArgs>(
  definition: Definition<Flags, Args>,
): MakeCommand {
  return (brief) =>
    buildCommand<Flags, Args, Invocation>({
      parameters: definition.parameters,
      docs: {
        brief,
        fullDescription: describe(definition.description, definition.examples),
        ...(definition.usage === undefined ? {} : { customUsage: [definition.usage] }),
      },
      func(flags, ...args) {
        return this.attempt(flags, (terminal) => definition.run(terminal, flags, ...args));
      },
    });
}

function describe(description: string, examples: readonly Example[]): string {
  const lines = examples.flatMap(({ run, shows }) => [`  # ${shows}`, `  cooper ${run}`]);
  return `${description}\n\nEXAMPLES\n${lines.join("\n")}`;
}
