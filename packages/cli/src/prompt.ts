import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { CliError } from "./errors.ts";

/** Asks for a line on the terminal; what is typed is `shown`, or `hidden` for a password. `INPUT_MISSING` */
export async function ask(question: string, echo: "shown" | "hidden", signal: AbortSignal): Promise<string> {
  if (!process.stdin.isTTY) {
    throw new CliError(
      "INPUT_MISSING",
      `there is no terminal to ask for ${question.replace(/:\s*$/, "").toLowerCase()}`,
      "Give it with a flag: --username, --password-stdin.",
    );
  }
  const nowhere = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({
    input: process.stdin,
    output: echo === "shown" ? process.stderr : nowhere,
    terminal: true,
  });
  try {
    if (echo === "hidden") process.stderr.write(question);
    const answer = await lines.question(echo === "shown" ? question : "", { signal });
    if (echo === "hidden") process.stderr.write("\n");
    if (answer !== "") return answer;
    throw new CliError("INPUT_MISSING", "nothing was typed", "Try again.");
  } finally {
    lines.close();
  }
}
