import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";

/** Where settings are read from; `process.env` unless a test says otherwise. */
export type StoreEnvironment = Readonly<Record<string, string | undefined>>;

/**
 * Where Cooper keeps its own things: `$COOPER_HOME`, else `$XDG_DATA_HOME/cooper`, else
 * `~/.local/share/cooper`. A relative `$COOPER_HOME` is one of the working directory; a relative `$XDG_DATA_HOME`
 * counts for nothing (XDG base directory specification).
 */
export function cooperHome(environment: StoreEnvironment = process.env): string {
  const { COOPER_HOME, XDG_DATA_HOME, HOME } = environment;
  if (COOPER_HOME !== undefined && COOPER_HOME !== "") return resolve(COOPER_HOME);
  if (XDG_DATA_HOME !== undefined && isAbsolute(XDG_DATA_HOME)) return join(XDG_DATA_HOME, "cooper");
  return join(HOME ?? homedir(), ".local", "share", "cooper");
}
