// Writes docs/commands.md, docs/errors.md and docs/schemas/, which packages/cli/src/documents.ts makes of the commands.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { documents } from "../packages/cli/src/documents.ts";

const root = join(import.meta.dirname, "..");

rmSync(join(root, "docs/schemas"), { recursive: true, force: true });
mkdirSync(join(root, "docs/schemas"));
for (const [path, text] of await documents()) writeFileSync(join(root, path), text);
