import type { Database } from "./database.ts";
import { languageComponent } from "./language-component.ts";

/** Cargo.lock, whose packages with a source are those that were fetched; the others are the project's own. */
export const cargoDatabase: Database = {
  reads: (path) => /(?:^|\/)Cargo\.lock$/u.test(path),
  components: (files) =>
    files.flatMap(({ text }) =>
      text
        .split(/^\[\[package\]\]$/mu)
        .slice(1)
        .flatMap((block) => {
          const field = (name: string): string | undefined =>
            new RegExp(`^${name} = "(.*)"$`, "mu").exec(block)?.[1];
          const [name, version] = [field("name"), field("version")];
          const isFetched = field("source") !== undefined;
          if (name === undefined || version === undefined || !isFetched) return [];
          return languageComponent("cargo", { name, version });
        }),
    ),
};
