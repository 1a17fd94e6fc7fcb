/** What only a shell understands. */
const SHELL = /[|&;<>()$`\\"'*?[\]#~=%{}\n]/;

/** How a program is started: by itself where that can be, so that signals reach it. */
export interface Start {
  readonly command: readonly string[];
  /** Whether the image must have a shell. */
  readonly shell: "needed" | "not needed";
}

/**
 * A program and its arguments, or a line that starts a program, such as a Procfile has. Plain words are the program and its arguments;
 * a line with variables or other things of the shell goes through one, which the program replaces.
 */
export function startOf(line: string | readonly string[]): Start {
  if (typeof line !== "string") return { command: line, shell: "not needed" };
  const trimmed = line.trim();
  if (!SHELL.test(trimmed)) return { command: trimmed.split(/\s+/), shell: "not needed" };
  const isOneProgram = !/[|&;\n]/.test(trimmed) && !/^\w+=/.test(trimmed);
  return { command: ["/bin/sh", "-c", isOneProgram ? `exec ${trimmed}` : trimmed], shell: "needed" };
}
