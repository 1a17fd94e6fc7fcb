import type { Database } from "./database.ts";
import { languageComponent } from "./language-component.ts";

const METADATA = /(?:^|\/)[^/]+\.(?:dist-info\/METADATA|egg-info\/PKG-INFO)$/u;
/** Debian's packages put theirs here: dpkg knows them. */
const DEBIAN = /^usr\/lib\/python3\/dist-packages\//u;

/** What pip and its like write beside each package (PyPA, "Core metadata specifications"). */
export const pypiDatabase: Database = {
  reads: (path) => METADATA.test(path) && !DEBIAN.test(path),
  components: (files) =>
    files.flatMap(({ text }) => {
      const [head = ""] = text.split(/\r?\n\r?\n/, 1);
      const field = (name: string): string | undefined =>
        new RegExp(`^${name}:[ \t]*(.+)$`, "mu").exec(head)?.[1]?.trim();
      const [name, version] = [field("Name"), field("Version")];
      if (name === undefined || version === undefined) return [];
      const said = field("License-Expression") ?? field("License");
      return languageComponent("pypi", {
        name,
        version,
        license: said === "UNKNOWN" ? undefined : said,
        description: field("Summary"),
        homepage: field("Home-page"),
      });
    }),
};
