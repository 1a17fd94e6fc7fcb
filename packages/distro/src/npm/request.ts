import { validRange } from "semver";
import type { PackageRequest } from "../ecosystem/ecosystem.ts";
import { DistroError } from "../errors.ts";

/** The word that stands for the runtime, and not for the package of that name. */
export const RUNTIME = "node";

/** A package that is asked for. */
export interface AskedPackage {
  /** With its scope: `cowsay`, `@scope/pkg`. */
  readonly name: string;
  /** A version, a range or a tag; undefined where nothing is said. */
  readonly wanted: string | undefined;
}

/** What a request asks for. */
export interface Asked {
  readonly packages: readonly AskedPackage[];
  /**
   * `global`: as `npm install --global` has it, and nothing but that, to lie upon an image that has a
   * Node; `application`: the image of an application, with Node and what that stands on.
   */
  readonly tree: "application" | "global";
}

/** Stands beside packages where they are wanted as `npm install --global` places them. */
const GLOBAL = "+global";

/** What the words of a request mean. `REQUEST_INVALID` */
export function askedFor({ packages }: PackageRequest): Asked {
  return {
    packages: packages.filter((text) => text !== GLOBAL).map(readPackage),
    tree: packages.includes(GLOBAL) ? "global" : "application",
  };
}

/**
 * What follows `npm:`: `cowsay=1.6.0/@scope/pkg:next`. A scope and the name after it are one
 * package; `node` alone is the runtime and nothing else; `+global` places packages as
 * `npm install --global` does and brings no Node. What stands after the colon is the version, range or tag of each package that names none.
 * `REQUEST_INVALID`
 */
export function parseRequest(rest: string): PackageRequest {
  const colon = rest.indexOf(":");
  const release = colon === -1 ? undefined : rest.slice(colon + 1);
  const packages = joinScopes((colon === -1 ? rest : rest.slice(0, colon)).split("/"));
  const names = askedFor({ packages }).packages.map(({ name }) => name);
  if (release !== undefined) checkWanted(release, rest);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice !== undefined) throw invalid(rest, `names ${twice} twice`, "Name it once, with one version.");
  if (names.length === 0) throw invalid(rest, "names no package", "Write one: npm/+global.");
  return { packages, release };
}

/** One package of a request: `name` or `name=version`. `REQUEST_INVALID` */
export function readPackage(text: string): AskedPackage {
  const equals = text.indexOf("=");
  const name = equals === -1 ? text : text.slice(0, equals);
  const wanted = equals === -1 ? undefined : text.slice(equals + 1);
  if (!isPackageName(name)) {
    throw invalid(text, "is no package of npm", "Write cowsay, cowsay=1.6.0, cowsay=^1 or @scope/name.");
  }
  if (wanted !== undefined) checkWanted(wanted, text);
  return { name, wanted };
}

/** The rules that npm has for names, with the capitals of old ones. */
export function isPackageName(name: string): boolean {
  return name.length <= 214 && PACKAGE_NAME.test(name) && !RESERVED.has(name);
}

const PACKAGE_NAME = /^(?:@[A-Za-z0-9~-][\w.~-]*\/)?[A-Za-z0-9~-][\w.~-]*$/;
const RESERVED: ReadonlySet<string> = new Set(["node_modules", "favicon.ico"]);
/** A name of a release: `latest`, `next`. No address or path can be one, so nothing but the registry is asked. */
const TAG = /^[A-Za-z][\w.-]*$/;

function joinScopes(segments: readonly string[]): readonly string[] {
  const packages: string[] = [];
  let scope: string | undefined;
  for (const segment of segments) {
    if (scope === undefined && segment.startsWith("@")) {
      scope = segment;
      continue;
    }
    packages.push(scope === undefined ? segment : `${scope}/${segment}`);
    scope = undefined;
  }
  return scope === undefined ? packages : [...packages, scope];
}

function checkWanted(wanted: string, input: string): void {
  if (TAG.test(wanted) || (wanted.trim() !== "" && validRange(wanted) !== null)) return;
  throw invalid(
    input,
    `has ${JSON.stringify(wanted)} for a version`,
    "Write a version, a range or a tag: 1.6.0, ^1, latest.",
  );
}

function invalid(input: string, what: string, advice: string): DistroError {
  return new DistroError("REQUEST_INVALID", `${JSON.stringify(input)} ${what}`, {
    kind: "usage",
    advice,
    fields: { request: input },
  });
}
