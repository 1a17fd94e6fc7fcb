import { TransportError } from "../../errors.ts";
import type { TransportErrorCode } from "../../errors.ts";
import { printable } from "./address.ts";
import { PassingFault, parseRetryAfter } from "./attempts.ts";
import type { Reply } from "./reply.ts";
import { plainText } from "./warnings.ts";

/** Bytes of an error's body that are read. */
const ERROR_BODY_LIMIT = 64 * 1024;

/** Statuses that pass: what GGCR and containerd retry as well, with those of CDNs in front of registries. */
const PASSING = new Set([408, 429, 499, 500, 502, 503, 504, 520, 521, 522, 523, 524]);

/** What a faulty answer was about. */
export interface Subject {
  /** As it stands in the reference: `ghcr.io`. */
  readonly host: string;
  /** For people: `ghcr.io/a/b`. */
  readonly name: string;
  /** What was asked for: `manifest latest`. */
  readonly what: string;
  /** Takes secrets out of a text. */
  readonly redact: (text: string) => string;
}

/**
 * Makes an error of an answer that is none, and reads its body to the end. The registry's own words
 * (distribution-spec, "Error Codes") are in the message, cut short and without control characters.
 */
export async function replyFault(reply: Reply, subject: Subject): Promise<TransportError> {
  const stated = statedErrors(await reply.start(ERROR_BODY_LIMIT));
  const { status } = reply;
  const words = stated.map(({ code, message }) => [code, message].filter((part) => part !== "").join(": "));
  const said = plainText(subject.redact(words.join("; ")), 500);
  const where = reply.redirected ? ` at ${printable(reply.url)}, where it was redirected to` : "";
  const message = `${subject.name}: ${subject.what}: ${status}${said === "" ? "" : ` ${said}`}${where}`;
  const fields = { host: subject.host, status };
  if (PASSING.has(status)) {
    const code: TransportErrorCode = status === 429 ? "TOO_MANY_REQUESTS" : "REGISTRY_FAILED";
    const retryAfter = parseRetryAfter(reply.header("retry-after"));
    return new PassingFault(code, message, {
      fields,
      retryAfter,
      advice: passingAdvice(status, retryAfter, subject),
    });
  }
  const [code, advice] = verdict(reply, stated, subject);
  return new TransportError(code, message, { fields, advice, kind: status >= 505 ? "passing" : "failed" });
}

function passingAdvice(status: number, retryAfter: number | undefined, { host }: Subject): string {
  if (status !== 429) return "Try again in a moment; if it stays so, ask the registry's operator.";
  const when = retryAfter === undefined ? "later" : `in ${Math.ceil(retryAfter)} seconds`;
  return `Try again ${when}; with an account (cooper login ${host}) the limit may be higher.`;
}

function verdict(
  reply: Reply,
  stated: readonly StatedError[],
  { host }: Subject,
): [TransportErrorCode, string] {
  const { status } = reply;
  const says = (code: string): boolean => stated.some((error) => error.code === code);
  if (status === 401) {
    return reply.redirected
      ? [
          "UNAUTHORIZED",
          "Credentials are not sent where a registry redirects to; its operator has to correct that.",
        ]
      : ["UNAUTHORIZED", `Check the name; if it is right, log in: cooper login ${host}`];
  }
  if (status === 403) {
    return [
      "DENIED",
      `The account may not do this; use another one (cooper login ${host}) or ask for the right.`,
    ];
  }
  if (status === 405 || status === 501 || says("UNSUPPORTED")) {
    return ["UNSUPPORTED", "This registry does not offer the operation, or it is switched off there."];
  }
  if (status === 404) return ["NOT_FOUND", "Check the repository, the tag and the digest."];
  if (status === 413) return ["TOO_LARGE", "The registry, or a proxy before it, takes no request so large."];
  if (status < 400 || status >= 500) {
    return ["BAD_RESPONSE", "Is this a registry? Check the host; its answer is not one of the protocol's."];
  }
  return ["REFUSED", "The registry's own words say why."];
}

interface StatedError {
  readonly code: string;
  readonly message: string;
}

function statedErrors(body: Buffer): readonly StatedError[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body.toString("utf8"));
  } catch {
    return []; // an HTML page of a proxy says less than its status
  }
  const list = isObject(parsed) && Array.isArray(parsed["errors"]) ? parsed["errors"].slice(0, 5) : [parsed];
  return list.filter(isObject).map((error) => ({
    code: textOf(error["code"]),
    message: textOf(error["message"] ?? error["details"] ?? error["error"]),
  }));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}

function textOf(value: unknown): string {
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
}
