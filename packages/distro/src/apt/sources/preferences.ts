import { DistroError } from "../../errors.ts";
import { parseStanzas } from "../control/stanza.ts";
import type { Pin } from "../solver/policy.ts";

/** A file of preferences: which versions are rather taken. apt_preferences(5). `REPOSITORY_INVALID` */
export function parsePreferences(text: string, from: string): readonly Pin[] {
  return parseStanzas(text).flatMap((stanza) => {
    const groups = /^(?<kind>version|release|origin)\s+(?<pattern>.+)$/iu.exec(
      stanza.get("pin") ?? "",
    )?.groups;
    const priority = stanza.get("pin-priority") ?? "";
    const packages = (stanza.get("package") ?? "").split(/\s+/).filter((word) => word !== "");
    if (packages.length === 0) throw invalid(from, "a paragraph names no package");
    if (groups === undefined) return []; // apt passes over what it does not know
    if (!/^(never|-?\d{1,5})$/.test(priority) || Number(priority) === 0) {
      throw invalid(from, `${JSON.stringify(priority)} is no Pin-Priority`);
    }
    return [
      {
        packages,
        kind: kindOf(groups["kind"] ?? ""),
        pattern: groups["pattern"] ?? "",
        priority: priority === "never" ? priority : Number(priority),
      },
    ];
  });
}

function kindOf(word: string): Pin["kind"] {
  const kind = word.toLowerCase();
  return kind === "version" || kind === "origin" ? kind : "release";
}

function invalid(from: string, why: string): DistroError {
  return new DistroError("REPOSITORY_INVALID", `${from}: ${why}`, { fields: { file: from } });
}
