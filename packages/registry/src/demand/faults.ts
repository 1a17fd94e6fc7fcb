import { isFault } from "@cooper/sys";
import { asRegistryError, RegistryError } from "../errors.ts";

/** What a client can do about: another name, another version. */
const WRONG_NAMES = [
  "INVALID_OPTIONS",
  "INVALID_REFERENCE",
  "NO_SUCH_PLATFORM",
  "NOT_AN_IMAGE",
  "NOT_FOUND",
  "PLATFORM_UNSUPPORTED",
  "REQUEST_INVALID",
  "UNKNOWN_SCHEME",
  "UNREADABLE_SCHEME",
  "UNREPRESENTABLE",
  "UNSOLVABLE",
];
/** What the registry's operator, or the upstream's, does not allow. */
const FORBIDDEN = ["DENIED", "UNAUTHORIZED", "UNSAFE_ADDRESS"];
const RETRY_SECONDS = 5;

/**
 * Why an image cannot be made, as an answer whose cause clients show. docker, podman and skopeo print
 * the message of a 4xx, and of a 5xx the status only; of a 404 they say "not found" and do not ask
 * again; so a fault that passes, or one of an upstream, is 424.
 */
export function makeFault(error: unknown, name: string): RegistryError {
  if (error instanceof RegistryError) return error;
  if (!isFault(error)) return asRegistryError(error);
  const { kind } = error;
  const message = `${name} cannot be made: ${error.message}`;
  const details = {
    cause: error,
    fields: error.fields,
    ...(error.advice === undefined ? {} : { advice: error.advice.replace(/\.$/, "") }),
  };
  if (isFault(error, ...WRONG_NAMES)) return new RegistryError("MANIFEST_UNKNOWN", message, details);
  if (isFault(error, ...FORBIDDEN)) return new RegistryError("DENIED", message, details);
  const own = asRegistryError(error);
  if (own.status === 507) return own;
  if (kind !== "passing") return new RegistryError("MAKE_FAILED", message, details);
  const headers = { "Retry-After": String(RETRY_SECONDS) };
  const code = isFault(error, "TOO_MANY_REQUESTS") ? "TOOMANYREQUESTS" : "MAKE_FAILED";
  return new RegistryError(code, message, { ...details, headers, kind: "passing" });
}
