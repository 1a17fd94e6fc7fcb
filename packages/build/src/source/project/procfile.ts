import { BuildError } from "../../errors.ts";
import type { Source } from "./source.ts";

/** Processes by name, as a Procfile has them: `web: node server.js`. `SOURCE_INVALID` */
export function readProcfile(source: Source): ReadonlyMap<string, string> {
  const processes = new Map<string, string>();
  const text = source.text("Procfile") ?? "";
  for (const [place, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "" || line.trimStart().startsWith("#")) continue;
    const [, name, command] = /^\s*([A-Za-z0-9_-]+)\s*:\s*(\S.*)$/.exec(line) ?? [];
    if (name === undefined || command === undefined) {
      throw new BuildError("SOURCE_INVALID", `Procfile, line ${place + 1}: it is not NAME: COMMAND`, {
        fields: { path: "Procfile", line: place + 1 },
      });
    }
    processes.set(name, command.trim());
  }
  return processes;
}
