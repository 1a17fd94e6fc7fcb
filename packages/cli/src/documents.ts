import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "@stricli/core";
import { z } from "zod";
import { apkoJsonSchema, overlayJsonSchema } from "@cooper/build";
import { settingsJsonSchema } from "@cooper/registry";
import { application, commandNames } from "./routes.ts";
import { SCHEMAS } from "./schemas/table.ts";

/**
 * What the command's own documentation says: docs/commands.md, docs/errors.md and docs/schemas/*.json, by path from
 * the repository's root. scripts/docs.ts writes them; a test keeps them fresh.
 */
export async function documents(): Promise<ReadonlyMap<string, string>> {
  const list = new Map([
    ["docs/commands.md", await commandsPage()],
    ["docs/errors.md", errorsPage()],
  ]);
  for (const [name, schema] of Object.entries(SCHEMAS)) {
    const json = { title: `cooper ${name} --json`, ...z.toJSONSchema(schema) };
    list.set(`docs/schemas/${name.replaceAll(" ", "-")}.json`, `${JSON.stringify(json, undefined, 2)}\n`);
  }
  list.set("docs/schemas/apko.json", `${JSON.stringify(apkoJsonSchema(), undefined, 2)}\n`);
  list.set("docs/schemas/cooper.json", `${JSON.stringify(overlayJsonSchema(), undefined, 2)}\n`);
  list.set("docs/schemas/serve.json", `${JSON.stringify(settingsJsonSchema(), undefined, 2)}\n`);
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
What \`--json\` prints is described in [schemas/](schemas/), exit statuses in [errors.md](errors.md).

${contents.join(" · ")}

${sections.join("\n")}`;
}

/** Every code that an error may have, with its sentence, from the `errors.ts` of each package. */
function errorsPage(): string {
  const packages = join(import.meta.dirname, "../..");
  const sections = readdirSync(packages)
    .toSorted()
    .flatMap((name) => {
      const path = join(packages, name, "src/errors.ts");
      if (!existsSync(path)) return [];
      const codes = [...readFileSync(path, "utf8").matchAll(/\/\*\* (.+?) \*\/\s*\| "([A-Z0-9_]+)"/g)];
      const rows = codes.map(([, sentence = "", code = ""]) => `| \`${code}\` | ${sentence} |`).toSorted();
      return [`## ${name}\n\n| Code | What it means |\n|---|---|\n${rows.join("\n")}\n`];
    });
  return `# Errors

Written by \`scripts/docs.ts\` from the \`errors.ts\` of each package; do not edit.

An error says what failed, on which input, and what to do about it; its code stays the same from version
to version. \`--verbose\` adds its fields, its causes and the stack. Codes of Node and the system, such as
\`ENOSPC\`, are passed on where there is nothing to add.

| Exit status | Kind | Meaning |
|---|---|---|
| 0 | | done |
| 1 | \`failed\` | failed |
| 2 | \`usage\` | wrong usage: an argument, a reference, an option |
| 3 | \`host\` | the host lacks something; the advice names the Debian package |
| 75 | \`passing\` | a passing fault, worth a retry |
| 128 + N | | stopped by signal N: 130 for SIGINT; 141 where the reader of the answer is gone |

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
