import { RegistryError } from "./errors.ts";
import { isRepositoryName } from "./names.ts";

/** What a path of the distribution API names (distribution-spec, "Endpoints"). */
export type Route =
  | { readonly kind: "ping" }
  | { readonly kind: "catalog" }
  | { readonly kind: "tags"; readonly repository: string }
  | { readonly kind: "manifest"; readonly repository: string; readonly reference: string }
  | { readonly kind: "blob"; readonly repository: string; readonly digest: string }
  | { readonly kind: "uploads"; readonly repository: string }
  | { readonly kind: "upload"; readonly repository: string; readonly id: string }
  | { readonly kind: "referrers"; readonly repository: string; readonly digest: string };

/**
 * Reads a request's path, without its query. `undefined` where the API has no such path;
 * `NAME_INVALID` where it has, and the repository's name is malformed.
 *
 * A repository may itself be called `a/manifests/b` or `a/blobs/uploads`, so that what a path
 * means is decided from its end.
 */
export function parseRoute(path: string): Route | undefined {
  if (path === "/v2/" || path === "/v2") return { kind: "ping" };
  if (!path.startsWith("/v2/")) return undefined;
  const segments = decodeSegments(path.slice("/v2/".length));
  if (segments === undefined) return undefined;
  if (segments.length === 1 && segments[0] === "_catalog") return { kind: "catalog" };

  const last = segments.at(-1) ?? "";
  const noun = segments.at(-2);
  if (noun === "manifests") return { kind: "manifest", repository: nameOf(segments, 2), reference: last };
  if (noun === "referrers") return { kind: "referrers", repository: nameOf(segments, 2), digest: last };
  if (noun === "tags" && last === "list") return { kind: "tags", repository: nameOf(segments, 2) };
  if (noun === "blobs" && last === "uploads") return { kind: "uploads", repository: nameOf(segments, 2) };
  if (noun === "blobs") return { kind: "blob", repository: nameOf(segments, 2), digest: last };
  if (noun === "uploads" && segments.at(-3) === "blobs") {
    const repository = nameOf(segments, 3);
    return last === "" ? { kind: "uploads", repository } : { kind: "upload", repository, id: last };
  }
  return undefined;
}

/** Some clients escape the colon of a digest; an escaped slash would move a boundary, and is no name. */
function decodeSegments(path: string): readonly string[] | undefined {
  const segments = path.split("/");
  if (!path.includes("%")) return segments;
  try {
    const decoded = segments.map((segment) => decodeURIComponent(segment));
    return decoded.some((segment) => segment.includes("/")) ? undefined : decoded;
  } catch {
    return undefined;
  }
}

function nameOf(segments: readonly string[], tail: number): string {
  const name = segments.slice(0, -tail).join("/");
  if (isRepositoryName(name)) return name;
  throw new RegistryError(
    "NAME_INVALID",
    `${JSON.stringify(name.slice(0, 300))} is not a repository's name`,
    {
      advice:
        "A name is lower-case letters and digits, in components that are separated by slashes, with single . _ - between, and has at most 255 characters.",
    },
  );
}
