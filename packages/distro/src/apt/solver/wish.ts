import { DistroError } from "../../errors.ts";

/** One package of a request. */
export interface Wish {
  /** As it was written. */
  readonly text: string;
  readonly name: string;
  /** `any`, `native` or an architecture, after a colon. */
  readonly qualifier: string | undefined;
  /** `=version`, or `/release`, from which its needs may come too. */
  readonly version: { readonly kind: "version" | "release"; readonly pattern: string } | undefined;
}

/** `name[:architecture][=version]` or `name[:architecture]/release`. `REQUEST_INVALID` */
export function parseWish(text: string): Wish {
  const groups =
    /^(?<name>[a-z0-9][a-z0-9.+-]*)(?::(?<qualifier>[a-z0-9-]+))?(?:(?<sign>[=/])(?<pattern>[A-Za-z0-9.+~:*_-]+))?$/u.exec(
      text,
    )?.groups;
  if (groups === undefined) {
    throw new DistroError("REQUEST_INVALID", `${JSON.stringify(text)} is no package as apt names them`, {
      kind: "usage",
      advice: "Write a name, then perhaps = and a version, or / and a release.",
      fields: { package: text },
    });
  }
  const { name = "", qualifier, sign, pattern } = groups;
  return {
    text,
    name,
    qualifier,
    version: pattern === undefined ? undefined : { kind: sign === "/" ? "release" : "version", pattern },
  };
}
