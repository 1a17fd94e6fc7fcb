import { resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { DistroError } from "../errors.ts";

/** Where a file is: on the web, or on this machine. */
export type Address =
  | { readonly kind: "web"; readonly url: URL; readonly authorization: string | undefined }
  | { readonly kind: "path"; readonly path: string };

/**
 * Reads an address: `http:`, `https:` and `file:` URLs, or a path. A user and a password in a URL
 * become an Authorization header, so that no message shows them. `REPOSITORY_INVALID`
 */
export function parseAddress(text: string): Address {
  if (!/^[a-z][a-z0-9+.-]*:/i.test(text)) return { kind: "path", path: resolve(text) };
  if (!URL.canParse(text)) throw invalid(text.replace(/\/\/[^/@]*@/, "//"), "is no address");
  const url = new URL(text);
  if (url.protocol === "file:") return { kind: "path", path: pathOf(url) };
  const { username, password } = url;
  url.username = "";
  url.password = "";
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw invalid(url.href, `has the scheme ${url.protocol}, and only http:, https: and file: are fetched`);
  }
  const authorization =
    username === ""
      ? undefined
      : `Basic ${Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString("base64")}`;
  return { kind: "web", url, authorization };
}

/** An address for people: without credentials and without what may be a signature. */
export function showAddress(address: Address): string {
  return address.kind === "path" ? address.path : `${address.url.origin}${address.url.pathname}`;
}

function pathOf(url: URL): string {
  try {
    return fileURLToPath(url);
  } catch (cause) {
    throw invalid(url.href, "names no file of this machine", cause);
  }
}

function invalid(text: string, what: string, cause?: unknown): DistroError {
  return new DistroError("REPOSITORY_INVALID", `${text} ${what}`, {
    cause,
    kind: "usage",
    advice: "Write http://HOST/PATH, https://HOST/PATH, file:///PATH or a path.",
  });
}
