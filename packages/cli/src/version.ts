import { readFileSync } from "node:fs";

/** Put in by scripts/bundle.ts; not there when the sources run as they are. */
declare const COOPER_VERSION: string | undefined;

/** The version of Cooper, from its package.json. */
export function version(): string {
  if (typeof COOPER_VERSION === "string") return COOPER_VERSION;
  const manifest: { readonly version: string } = JSON.parse(
    readFileSync(new URL("../package.json", import.meta.url), "utf8"),
  );
  return manifest.version;
}
