import type { IncomingMessage } from "node:http";

/**
 * What somebody wants to do: "enter" is the check at `/v2/`, "list" the catalog, "make" that an image
 * which is not there is made because it is asked for.
 */
export type Action = "enter" | "list" | "pull" | "push" | "delete" | "make";

export interface Access {
  readonly action: Action;
  /** None for "enter" and "list". */
  readonly repository: string | undefined;
}

/**
 * Whether a request may have an access. "challenge": the visitor must say who they are, or as
 * somebody else (401, with the value of `WWW-Authenticate`). "deny": they may not, whoever they
 * prove to be (403).
 */
export type Verdict =
  | { readonly verdict: "allow"; readonly username?: string | undefined }
  | { readonly verdict: "challenge"; readonly challenge: string }
  | { readonly verdict: "deny" };

export type Authorize = (request: IncomingMessage, access: Access) => Verdict | Promise<Verdict>;

/** A value inside quotes of a header (RFC 9110, 5.6.4). */
export function quoted(text: string): string {
  return `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
}
