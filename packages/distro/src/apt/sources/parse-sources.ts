import { DistroError } from "../../errors.ts";
import { parseStanzas, type Stanza } from "../control/stanza.ts";
import { parseSignedBy, type SourceEntry, yesOrNo } from "./source.ts";

/** A file of the one-line form: `deb [arch=amd64] ADDRESS SUITE COMPONENT…`. `REPOSITORY_INVALID`, which names the line */
export function parseSourcesList(text: string, from: string): readonly SourceEntry[] {
  return text.split("\n").flatMap((raw, at) => {
    const line = raw.replace(/#.*/, "").trim();
    if (line === "" || line.startsWith("deb-src")) return [];
    const entry = parseSourceLine(line, from);
    if (entry === undefined) throw invalid(from, at + 1, line);
    return [entry];
  });
}

/** One line; undefined where it is none. */
export function parseSourceLine(line: string, from: string): SourceEntry | undefined {
  const groups =
    /^deb\s+(?:\[(?<options>[^\]]*)\]\s*)?(?<uri>\S+)\s+(?<suite>\S+)(?<components>(?:\s+\S+)*)$/u.exec(
      line.trim(),
    )?.groups;
  if (groups === undefined) return undefined;
  const { options = "", uri = "", suite = "", components = "" } = groups;
  const words = components.split(/\s+/).filter((word) => word !== "");
  if (suite.endsWith("/") !== (words.length === 0)) return undefined;
  const values = new Map(
    options
      .split(/\s+/)
      .filter((word) => word.includes("="))
      .map((word): readonly [string, string] => {
        const at = word.indexOf("=");
        return [word.slice(0, at).replace(/[+-]$/, "").toLowerCase(), word.slice(at + 1)];
      }),
  );
  const architectures = values.get("arch")?.split(",");
  return {
    uri,
    suite,
    components: words,
    architectures,
    signedBy: parseSignedBy(values.get("signed-by") ?? ""),
    trusted: yesOrNo(values.get("trusted")),
    byHash: yesOrNo(values.get("by-hash")),
    checkValidUntil: yesOrNo(values.get("check-valid-until")),
    checkDate: yesOrNo(values.get("check-date")),
    from,
  };
}

/** A file of the form with fields. `REPOSITORY_INVALID` */
export function parseDeb822Sources(text: string, from: string): readonly SourceEntry[] {
  let stanzas: readonly Stanza[];
  try {
    stanzas = parseStanzas(text);
  } catch (cause) {
    const what = cause instanceof Error ? withoutCredentials(cause.message) : String(cause);
    throw new DistroError("REPOSITORY_INVALID", `${from}, ${what}`, {
      cause,
      advice: "Write fields as Types: deb, URIs: ADDRESS, Suites: SUITE, Components: COMPONENT…",
      fields: { file: from },
    });
  }
  return stanzas.flatMap((stanza) => entriesOf(stanza, from));
}

function entriesOf(stanza: Stanza, from: string): readonly SourceEntry[] {
  const words = (field: string): readonly string[] =>
    (stanza.get(field) ?? "").split(/\s+/).filter((word) => word !== "");
  if (yesOrNo(stanza.get("enabled")) === false || !words("types").includes("deb")) return [];
  const [uris, suites, components] = [words("uris"), words("suites"), words("components")];
  const architectures = words("architectures");
  if (
    uris.length === 0 ||
    suites.length === 0 ||
    suites.some((suite) => suite.endsWith("/") !== (components.length === 0))
  ) {
    throw new DistroError(
      "REPOSITORY_INVALID",
      `${from}: an entry needs URIs, Suites, and Components unless its suites end in a slash`,
      { fields: { file: from } },
    );
  }
  return uris.flatMap((uri) =>
    suites.map((suite) => ({
      uri,
      suite,
      components,
      architectures: architectures.length === 0 ? undefined : architectures,
      signedBy: parseSignedBy(stanza.get("signed-by") ?? ""),
      trusted: yesOrNo(stanza.get("trusted")),
      byHash: yesOrNo(stanza.get("by-hash")),
      checkValidUntil: yesOrNo(stanza.get("check-valid-until")),
      checkDate: yesOrNo(stanza.get("check-date")),
      from,
    })),
  );
}

function invalid(from: string, number: number, line: string): DistroError {
  return new DistroError(
    "REPOSITORY_INVALID",
    `${from}, line ${number}: ${JSON.stringify(withoutCredentials(line).slice(0, 120))} is no source`,
    {
      advice: "Write deb [OPTIONS] ADDRESS SUITE COMPONENT…, or deb ADDRESS DIRECTORY/.",
      fields: { file: from, line: number },
    },
  );
}

function withoutCredentials(text: string): string {
  return text.replaceAll(/\/\/[^/@\s]*@/g, "//");
}
