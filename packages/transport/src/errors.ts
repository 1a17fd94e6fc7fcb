import { CooperError } from "@cooper/sys";

/** What can go wrong where images live. One line each; several people add to it, sorted by name. */
export type TransportErrorCode =
  /** The archive is not one that this transport reads, or it is damaged. */
  | "ARCHIVE_INVALID"
  /** A file of credentials cannot be read or written. */
  | "AUTH_FILE"
  /** The registry's answer breaks the protocol. */
  | "BAD_RESPONSE"
  /** Another process holds the place. */
  | "BUSY"
  /** A credential helper is missing or failed. */
  | "CREDENTIAL_HELPER"
  /** The registry knows who asks, and says no. */
  | "DENIED"
  /** What was written does not have the digest that the reference names. */
  | "DESTINATION_DIGEST"
  /** The Docker engine said no. */
  | "ENGINE_FAILED"
  /** There is no Docker engine at the address, or it does not answer. */
  | "ENGINE_UNREACHABLE"
  /** The options contradict each other. */
  | "INVALID_OPTIONS"
  /** The directory or archive is not an OCI layout, or it is damaged. */
  | "LAYOUT_INVALID"
  /** There is no such image, tag, manifest or blob. */
  | "NOT_FOUND"
  /** The reference fits several images and does not say which. */
  | "REFERENCE_AMBIGUOUS"
  /** The registry refuses what was sent, for a reason that it gives. */
  | "REFUSED"
  /** The registry has a fault of its own (a 5xx status). */
  | "REGISTRY_FAILED"
  /** The destination takes one image, and the source is several. */
  | "SEVERAL_IMAGES"
  /** The registry stopped answering. */
  | "TIMEOUT"
  /** The registry's certificate cannot be trusted, or TLS could not be agreed on. */
  | "TLS"
  /** A manifest or an answer is larger than is allowed. */
  | "TOO_LARGE"
  /** The registry's rate limit is used up. */
  | "TOO_MANY_REQUESTS"
  /** The registry wants credentials, or other ones. */
  | "UNAUTHORIZED"
  /** The scheme is not known. */
  | "UNKNOWN_SCHEME"
  /** The registry cannot be reached, or the connection broke. */
  | "UNREACHABLE"
  /** The scheme cannot be read. */
  | "UNREADABLE_SCHEME"
  /** A redirect, an upload location or a token server is at an address that must not be trusted. */
  | "UNSAFE_ADDRESS"
  /** The registry does not offer this operation. */
  | "UNSUPPORTED"
  /** The scheme cannot be written. */
  | "UNWRITABLE_SCHEME";

export class TransportError extends CooperError<TransportErrorCode> {
  override name = "TransportError";
}
