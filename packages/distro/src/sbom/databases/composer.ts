import { z } from "zod";
import type { Database } from "./database.ts";
import { languageComponent } from "./language-component.ts";

const packages = z.array(
  z.object({
    name: z.string().min(1),
    version: z.string().min(1),
    license: z.array(z.string()).optional().catch(undefined),
    description: z.string().optional().catch(undefined),
    homepage: z.string().optional().catch(undefined),
  }),
);
const installed = z.union([z.object({ packages }), packages.transform((list) => ({ packages: list }))]);

/** What Composer writes about the packages in `vendor`. */
export const composerDatabase: Database = {
  reads: (path) => /(?:^|\/)vendor\/composer\/installed\.json$/u.test(path),
  components: (files) =>
    files.flatMap(({ text }) =>
      (parse(text)?.packages ?? []).map(({ license, ...rest }) =>
        languageComponent("composer", { ...rest, license: license?.join(" OR ") }),
      ),
    ),
};

function parse(text: string): z.infer<typeof installed> | undefined {
  try {
    return installed.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // a file of that name that Composer did not write
  }
}
