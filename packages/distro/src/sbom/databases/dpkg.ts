import { parseStanzas, type Stanza } from "../../apt/control/stanza.ts";
import { purlOf } from "../purl.ts";
import type { Component, Source } from "../sbom.ts";
import { licensesOf } from "./copyright.ts";
import type { Database } from "./database.ts";

const STATUS = /^var\/lib\/dpkg\/status(?:\.d\/[^/.]+)?$/u;
const COPYRIGHT = /^usr\/share\/doc\/([^/]+)\/copyright$/u;

/**
 * dpkg's status file, or the directory of such that images without dpkg have instead; and for the
 * licenses, which it does not know, each package's copyright file.
 */
export const dpkgDatabase: Database = {
  reads: (path) => STATUS.test(path) || COPYRIGHT.test(path),
  components: (files, { id, release }) => {
    const licenses = new Map(files.map(({ path, text }) => [COPYRIGHT.exec(path)?.[1], licensesOf(text)]));
    return files
      .filter(({ path }) => STATUS.test(path))
      .flatMap(({ text }) =>
        parseStanzas(text)
          .filter(isInstalled)
          .map((stanza): Component => {
            const field = (name: string): string => stanza.get(name) ?? "";
            const [name, version, architecture] = [field("package"), field("version"), field("architecture")];
            const purl = purlOf({
              kind: "deb",
              name,
              version,
              architecture,
              distribution: id || "debian",
              release,
            });
            return {
              kind: "deb",
              name,
              version,
              purl,
              license: licenses.get(name) ?? "",
              description: field("description").split("\n", 1)[0] ?? "",
              homepage: field("homepage"),
              checksum: undefined,
              source: sourceOf(field("source"), name, version),
            };
          }),
      );
  },
};

function isInstalled(stanza: Stanza): boolean {
  const status = stanza.get("status");
  const isThere = status === undefined || status.endsWith(" installed");
  return isThere && stanza.has("package") && stanza.has("version");
}

/** `glibc (2.36-9)`, or a name alone where the version is the same (deb-control(5), Source). */
function sourceOf(text: string, name: string, version: string): Source {
  const [, source = name, other = version] = /^(\S+)(?: \((.*)\))?$/u.exec(text) ?? [];
  return { name: source, version: other };
}
