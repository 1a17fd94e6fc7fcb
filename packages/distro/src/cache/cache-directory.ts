import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";

/**
 * Where what can be made again is kept: `$COOPER_CACHE_DIR`, else `$XDG_CACHE_HOME/cooper`, else
 * `~/.cache/cooper`.
 */
export function cacheDirectory(
  environment: Readonly<Record<string, string | undefined>> = process.env,
): string {
  const { COOPER_CACHE_DIR, XDG_CACHE_HOME, HOME } = environment;
  if (COOPER_CACHE_DIR !== undefined && COOPER_CACHE_DIR !== "") return COOPER_CACHE_DIR;
  if (XDG_CACHE_HOME !== undefined && isAbsolute(XDG_CACHE_HOME)) return join(XDG_CACHE_HOME, "cooper");
  return join(HOME ?? homedir(), ".cache", "cooper");
}
