import { run } from "@stricli/core";
import { z } from "zod";
import { application, commandNames } from "./routes.ts";
import { SCHEMAS } from "./schemas/table.ts";

/**
 * What the command's own documentation says: docs/commands.md and docs/schemas/*.json, by path from
 * the repository's root. scripts/docs.ts writes them; a test keeps them fresh.
 */
export async function documents(): Promise<ReadonlyMap<string, string>> {
  const list = new Map([["docs/commands.md", await commandsPage()]]);
  for (const [name, schema] of Object.entries(SCHEMAS)) {
    const json = { title: `cooper ${name} --json`, ...z.toJSONSchema(schema) };
    list.set(`docs/schemas/${name.replaceAll(" ", "-")}.json`, `${JSON.stringify(json, undefined, 2)}\n`);
  }
  return list;
}

async function commandsPage(): Promise<string> {
  const names = commandNames();
  const sections: string[] = [];
  for (const name of names) {
    sections.push(`## cooper ${name}\n\n\`\`\`\n${(await helpOf(name)).trimEnd()}\n\`\`\`\n`);
  }
  const contents = names.map((name) => `[${name}](#cooper-${name.replaceAll(" ", "-")})`);
  return `# Commands

Written by \`scripts/docs.ts\` from the commands themselves; do not edit. \`cooper COMMAND --help\` prints the same.
What \`--json\` prints is described in [schemas/](schemas/).

${contents.join(" · ")}

${sections.join("\n")}`;
}

/** What `cooper NAME --help` prints where there are no colours. */
export async function helpOf(name: string): Promise<string> {
  let help = "";
  const process = {
    stdout: { write: (text: string): void => void (help += text) },
    stderr: { write: (): void => {} },
  };
  const args = [...name.split(" "), "--help"];
  await run(await application(args), args, { process, attempt: async () => {} });
  return help;
}
