import { parseCommand } from "@cooper/build";

/** A flag for a command line: a JSON array of words, or a line for the shell. */
export function commandFlag(brief: string): {
  readonly kind: "parsed";
  readonly parse: (input: string) => readonly string[];
  readonly optional: true;
  readonly brief: string;
  readonly placeholder: string;
} {
  return { kind: "parsed", parse: parseCommand, optional: true, brief, placeholder: "COMMAND" };
}
