import { purlOf } from "../purl.ts";
import type { Component } from "../sbom.ts";
import type { Database } from "./database.ts";

const PATHS = new Set(["lib/apk/db/installed", "usr/lib/apk/db/installed"]);

/** apk's database of what is installed: records as in an index, with the files in each. */
export const apkDatabase: Database = {
  reads: (path) => PATHS.has(path),
  components: (files, { id, release }) =>
    files.flatMap(({ text }) =>
      text.split("\n\n").flatMap((record): readonly Component[] => {
        const fields = new Map(record.split("\n").map((line) => [line.slice(0, 2), line.slice(2)]));
        const field = (letter: string): string => fields.get(`${letter}:`) ?? "";
        const [name, version, architecture] = [field("P"), field("V"), field("A")];
        if (name === "" || version === "") return [];
        const purl = purlOf({
          kind: "apk",
          name,
          version,
          architecture,
          distribution: id || "alpine",
          release,
        });
        return [
          {
            kind: "apk",
            name,
            version,
            purl,
            license: field("L"),
            description: field("T"),
            homepage: field("U"),
            checksum: undefined,
            source: { name: field("o") || name, version },
          },
        ];
      }),
    ),
};
