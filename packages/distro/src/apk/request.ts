import { isFault } from "@cooper/sys";
import type { PackageRequest } from "../ecosystem/ecosystem.ts";
import { DistroError } from "../errors.ts";
import { parseDependency } from "./dependency.ts";

/**
 * What follows `apk:`: packages as `apk add` takes them, with slashes between, then perhaps a colon
 * and a release: `nginx/git~2:3.20`, `curl/!bash:edge`, `bash:wolfi`. A name that has a colon of its
 * own, as in `so:libz.so.1` or `cmd:git`, keeps it. `latest` is what a registry's client says who
 * names no tag: it stands for no release. `REQUEST_INVALID`
 */
export function parseRequest(rest: string): PackageRequest {
  const { names, release } = splitRelease(rest);
  const packages = [...new Set(names.split("/"))]; // asked for twice is asked for once
  for (const name of packages) checkName(name, rest);
  return { packages, release: release === "latest" ? undefined : release };
}

/** Kinds of names that are provided: `so:`, `cmd:`, `pc:`, `py3.11:`, `ocaml4-intf:`. */
const PROVIDED = /^!?(?:so|cmd|pc|dbus|py\d[\d.]*|ocaml\d*-(?:intf|impl))$/u;
const RELEASE = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/u;

function splitRelease(rest: string): { readonly names: string; readonly release: string | undefined } {
  const colon = rest.lastIndexOf(":");
  if (colon < 0 || PROVIDED.test(rest.slice(rest.lastIndexOf("/", colon) + 1, colon))) {
    return { names: rest, release: undefined };
  }
  const release = rest.slice(colon + 1);
  if (RELEASE.test(release)) return { names: rest.slice(0, colon), release };
  throw invalid(rest, `${JSON.stringify(release)} is no release`);
}

function checkName(name: string, rest: string): void {
  try {
    parseDependency(name);
  } catch (cause) {
    if (!isFault(cause, "DEPENDENCY_INVALID")) throw cause;
    throw invalid(rest, name === "" ? "there is no package between two slashes" : cause.message, cause);
  }
}

function invalid(rest: string, what: string, cause?: unknown): DistroError {
  return new DistroError("REQUEST_INVALID", `apk:${rest}: ${what}`, {
    cause,
    kind: "usage",
    advice: "Write apk:NAME[/NAME…][:RELEASE], such as apk:curl/git~2:3.20.",
  });
}
