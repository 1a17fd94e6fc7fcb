import type { Database } from "./database.ts";
import { languageComponent } from "./language-component.ts";

/** go.mod: every module that a build may need, since Go 1.17 also those that others need. */
export const golangDatabase: Database = {
  reads: (path) => /(?:^|\/)go\.mod$/u.test(path) && !/(?:^|\/)(?:vendor|testdata)\//u.test(path),
  components: (files) =>
    files.flatMap(({ text }) =>
      [...text.matchAll(/^(?:require[ \t]+|[ \t]+)([^\s()]+)[ \t]+(v\d\S*)/gmu)].map(
        ([, name = "", version = ""]) => languageComponent("golang", { name, version }),
      ),
    ),
};
