import { z } from "zod";
import type { Component } from "../sbom.ts";
import type { Database, DatabaseFile } from "./database.ts";
import { languageComponent } from "./language-component.ts";

const named = z.object({ type: z.string() });
const packageJson = z.object({
  name: z.string().min(1),
  version: z.string().min(1),
  license: z.union([z.string(), named]).optional().catch(undefined),
  licenses: z.array(named).optional().catch(undefined),
  description: z.string().optional().catch(undefined),
  homepage: z.string().optional().catch(undefined),
});

/** Each package.json right in a directory of `node_modules`. One that names no package is no package. */
export const npmDatabase: Database = {
  reads: (path) => /(?:^|\/)node_modules\/(?:@[^/]+\/)?[^/@.][^/]*\/package\.json$/u.test(path),
  components: (files) =>
    files.flatMap((file): readonly Component[] => {
      const content = parse(file);
      if (content === undefined) return [];
      return [languageComponent("npm", { ...content, license: licenseOf(content) })];
    }),
};

function parse({ text }: DatabaseFile): z.infer<typeof packageJson> | undefined {
  try {
    return packageJson.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // packages have files of that name in their tests, too
  }
}

function licenseOf({ license, licenses }: z.infer<typeof packageJson>): string {
  if (typeof license === "string") return license;
  return license?.type ?? licenses?.map(({ type }) => type).join(" OR ") ?? "";
}
