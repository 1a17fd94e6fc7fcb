import { type CommitPlace, failed, type GitContext, settingsOf, WEB_PROTOCOLS } from "./program.ts";

export type SubmodulePlace = Omit<CommitPlace, "commit">;

/**
 * Where the submodules of a commit are fetched from, by their paths, as its `.gitmodules` says. Those that it does
 * not name, and those with `update = none`, are left empty, as git leaves them. Files of the host are read only for
 * who was told to read them: a repository of the web must not take the host's. `FETCH_FAILED`
 */
export async function submodulesOf(
  repository: string,
  place: CommitPlace,
  context: GitContext,
): Promise<ReadonlyMap<string, SubmodulePlace>> {
  const places = new Map<string, SubmodulePlace>();
  for (const { path, url, update } of (await readModules(repository, place, context)).values()) {
    if (path === undefined || url === undefined || update === "none") continue;
    // What begins with a dash would be an option of whatever git starts (CVE-2018-17456).
    if (url.startsWith("-")) throw failed(place, `its submodule ${path} has the address ${url}`, undefined);
    const protocols = isOfHost(place.url) ? place.protocols : WEB_PROTOCOLS;
    places.set(path, { url: resolveUrl(place.url, url), protocols });
  }
  return places;
}

interface Module {
  path?: string;
  url?: string;
  update?: string;
}

async function readModules(
  repository: string,
  place: CommitPlace,
  context: GitContext,
): Promise<ReadonlyMap<string, Module>> {
  const modules = new Map<string, Module>();
  for (const [setting, value] of (await settingsOf(repository, place, ".gitmodules", context)) ?? []) {
    const [, name, key] = /^submodule\.(.*)\.(path|url|update)$/s.exec(setting) ?? [];
    if (name === undefined || (key !== "path" && key !== "url" && key !== "update")) continue;
    const module = modules.get(name) ?? {};
    module[key] = value;
    modules.set(name, module);
  }
  return modules;
}

/** Whether an address names files of this machine: `file://…` or a path. */
function isOfHost(url: string): boolean {
  return /^file:/i.test(url) || /^[./]/.test(url);
}

/** An address that begins with `./` or `../` is one beside the repository's own (gitmodules(5)). */
export function resolveUrl(base: string, url: string): string {
  let [from, rest, joint] = [base.replace(/\/+$/, ""), url, "/"];
  if (!/^\.\.?\//.test(rest)) return url;
  for (;;) {
    if (rest.startsWith("./")) rest = rest.slice(2);
    else if (rest.startsWith("../")) {
      rest = rest.slice(3);
      // In `git@host:shop.git` a colon stands before the path.
      const cut = from.includes("/") ? from.lastIndexOf("/") : from.lastIndexOf(":");
      joint = from.includes("/") ? "/" : ":";
      from = from.slice(0, Math.max(cut, 0));
    } else return `${from}${joint}${rest}`.replace(/\/+$/, "");
  }
}
