import type { MakeCommand } from "../command.ts";

/** A command that is loaded when it is asked for, or a group of them. */
export type Entry = CommandEntry | GroupEntry;

export interface CommandEntry {
  readonly brief: string;
  readonly load: () => Promise<MakeCommand>;
}

export interface GroupEntry {
  readonly brief: string;
  readonly commands: Readonly<Record<string, CommandEntry>>;
}

/** Every command, by purpose and in the order that `cooper --help` shows them. */
export const COMMANDS: Readonly<Record<string, Readonly<Record<string, Entry>>>> = {
  Host: {
    doctor: {
      brief: "Say what this host can do, and what to install for the rest",
      load: async () => (await import("./doctor.ts")).doctor,
    },
    completion: {
      brief: "Print what makes bash, zsh or fish complete commands and flags",
      load: async () => (await import("./completion.ts")).completion,
    },
  },
};
