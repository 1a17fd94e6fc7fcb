import type { Database } from "./database.ts";
import { languageComponent } from "./language-component.ts";

const SPECIFICATION = /(?:^|\/)specifications\/(?:default\/)?([^/]+?)-(\d[^/-]*)(?:-[^/]+)?\.gemspec$/u;

/** The specification of each gem that is installed: its name says what it is. */
export const gemDatabase: Database = {
  reads: (path) => SPECIFICATION.test(path),
  components: (files) =>
    files.flatMap(({ path, text }) => {
      const [, name, version] = SPECIFICATION.exec(path) ?? [];
      if (name === undefined || version === undefined) return [];
      const field = (key: string): string | undefined =>
        new RegExp(`\\.${key} = "([^"]+)"`, "u").exec(text)?.[1];
      const license = /\.licenses = \["([^"]+)"/u.exec(text)?.[1];
      return languageComponent("gem", {
        name,
        version,
        license,
        description: field("summary"),
        homepage: field("homepage"),
      });
    }),
};
