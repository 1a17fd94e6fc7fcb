import type { PackageRequest } from "../ecosystem/ecosystem.ts";
import { DistroError } from "../errors.ts";
import { parseWish } from "./solver/wish.ts";

/** A request that has more than names: `?essential`, `?priority(required)`, `+recommends`, `+nobase`. */
export interface AptRequest {
  readonly wishes: readonly string[];
  readonly isEssentialAsked: boolean;
  /** Every package of these priorities. */
  readonly priorities: readonly string[];
  readonly recommends: "followed" | "ignored";
  /** Whether what makes a system of the packages is added (`BASE_PACKAGES`). */
  readonly base: "added" | "left out";
}

const PRIORITIES = ["required", "important", "standard", "optional", "extra"];

/**
 * What follows `apt:`: packages with `/` between them, then perhaps a colon and a release. A package
 * is `name` or `name=version`; `name@release` takes it from that release. Since `/` parts packages,
 * `@` stands for the `/` of apt's `name/release`. `REQUEST_INVALID`
 */
export function parseRequest(rest: string): PackageRequest {
  // A version may have colons in it: a release begins with a letter, and its colon follows no `=`-less epoch.
  const groups = /^(?<packages>.+?)(?::(?<release>[A-Za-z][A-Za-z0-9._-]*(?:\/updates)?))?$/u.exec(
    rest,
  )?.groups;
  // Who asks twice asks for no more than who asks once.
  const packages = [...new Set((groups?.["packages"] ?? "").split("/"))];
  const release = groups?.["release"];
  const request: PackageRequest = { packages, ...(release === undefined ? {} : { release }) };
  readRequest(request);
  return request;
}

/** `REQUEST_INVALID` */
export function readRequest({ packages }: PackageRequest): AptRequest {
  const wishes: string[] = [];
  const priorities: string[] = [];
  let isEssentialAsked = false;
  let recommends: AptRequest["recommends"] = "ignored";
  let base: AptRequest["base"] = "added";
  for (const text of packages) {
    const priority = /^\?priority\((?<name>[a-z]+)\)$/u.exec(text)?.groups?.["name"];
    if (text === "?essential") isEssentialAsked = true;
    else if (text === "+recommends") recommends = "followed";
    else if (text === "+nobase") base = "left out";
    else if (priority !== undefined && PRIORITIES.includes(priority)) priorities.push(priority);
    else wishes.push(parseWish(text.replace("@", "/")).text);
  }
  if (wishes.length === 0 && priorities.length === 0 && !isEssentialAsked) {
    throw new DistroError("REQUEST_INVALID", "no package is named", {
      kind: "usage",
      advice: "Write one or more, as in apt:curl/jq.",
    });
  }
  return { wishes, priorities, isEssentialAsked, recommends, base };
}
