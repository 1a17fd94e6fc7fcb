import type { RootTree } from "../../rootfs/tree.ts";
import type { Shell } from "./shell.ts";
import type { Input, Status, Text } from "./value.ts";

/** A command's call, with arguments that are all known. */
export interface Call {
  readonly name: string;
  readonly args: readonly string[];
  readonly line: number;
  readonly shell: Shell;
  readonly input: Input;
  readonly write: (text: Text) => void;
}

/** What a command does to the tree and the shell; undefined: it cannot be told. */
export type Handler = (call: Call) => Status | undefined;

/** The commands that are known. */
export interface Commands {
  handler(name: string): Handler | undefined;
  /** Does nothing that an image needs, whatever its arguments. */
  isQuiet(name: string): boolean;
}

/** What a script does that is not done here. */
export interface Note {
  readonly line: number;
  readonly command: string;
}

/** How a script ends: with which status, and in which line where it does not come to its end. */
export interface Ending {
  readonly status: Status;
  readonly line: number | undefined;
}

export interface ShellOptions {
  readonly tree: RootTree;
  readonly commands: Commands;
  readonly variables: Readonly<Record<string, string>>;
  readonly parameters: readonly string[];
  /** Writes what a command's output is sent to. */
  readonly writeFile: (path: string, text: string, mode: number, how: "replace" | "append") => boolean;
}
