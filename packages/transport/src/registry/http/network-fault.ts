import { TransportError } from "../../errors.ts";
import { PassingFault } from "./attempts.ts";

/** Codes of faults that the next try may not meet. */
const DROPPED = new Set([
  "ECONNRESET",
  "EPIPE",
  "ECONNABORTED",
  "EAI_AGAIN",
  "ENETDOWN",
  "ENETRESET",
  "UND_ERR_SOCKET",
  "UND_ERR_RES_CONTENT_LENGTH_MISMATCH",
  "ERR_STREAM_PREMATURE_CLOSE",
]);
const TIMED_OUT = new Set([
  "ETIMEDOUT",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_BODY_TIMEOUT",
]);
/** Nothing listens there: worth another try only if something did a moment ago. */
const ABSENT = new Set(["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "EHOSTDOWN"]);
/** What OpenSSL says when the other side speaks something other than TLS. */
const NOT_TLS = new Set([
  "EPROTO",
  "ERR_SSL_WRONG_VERSION_NUMBER",
  "ERR_SSL_PACKET_LENGTH_TOO_LONG",
  "ERR_SSL_HTTP_REQUEST",
]);

/** Turns what the network threw into an error of ours that names the host, and says whether it passes. */
export function networkFault(error: unknown, host: string, standing: "new" | "reached"): TransportError {
  if (error instanceof TransportError) return error;
  const codes = codesOf(error);
  const has = (known: ReadonlySet<string>): boolean => codes.some((code) => known.has(code));
  const why = codes[0] ?? (error instanceof Error ? error.message : String(error));
  const details = { cause: error, fields: { host } };
  const retry = "Try again; if it stays so, check the network and the registry.";
  if (has(TIMED_OUT)) {
    return new PassingFault("TIMEOUT", `${host} did not answer in time (${why})`, {
      ...details,
      advice: retry,
    });
  }
  if (has(DROPPED)) {
    return new PassingFault("UNREACHABLE", `the connection to ${host} broke (${why})`, {
      ...details,
      advice: retry,
    });
  }
  if (has(ABSENT)) {
    const message = `nothing answers at ${host} (${why})`;
    if (standing === "reached")
      return new PassingFault("UNREACHABLE", message, { ...details, advice: retry });
    return new TransportError("UNREACHABLE", message, {
      ...details,
      kind: "passing",
      advice: "Check the host and the port, and that the registry is running.",
    });
  }
  if (codes.includes("ENOTFOUND")) {
    return new TransportError("UNREACHABLE", `there is no host ${host} (${why})`, {
      ...details,
      advice: "Check the spelling, and that this machine can resolve names.",
    });
  }
  if (isTlsCode(codes)) {
    return new TransportError("TLS", `${host}: ${tlsReason(error, why)}`, {
      ...details,
      advice: `Put the authority's certificate into /etc/docker/certs.d/${host}/ca.crt or SSL_CERT_FILE, or open the registry as insecure.`,
    });
  }
  return new TransportError("UNREACHABLE", `the request to ${host} failed (${why})`, {
    ...details,
    kind: "passing",
  });
}

/** Whether this says that the other side does not speak TLS at all, as a plain HTTP server does not. */
export function speaksNoTls(error: TransportError): boolean {
  return codesOf(error.cause).some((code) => NOT_TLS.has(code));
}

/** Codes of an error, its causes and its parts, the outermost first. */
function codesOf(error: unknown, depth: number = 0): string[] {
  if (!(error instanceof Error) || depth > 5) return [];
  const own = "code" in error && typeof error.code === "string" ? [error.code] : [];
  const parts = error instanceof AggregateError ? error.errors : [];
  return [...own, ...[error.cause, ...parts].flatMap((inner) => codesOf(inner, depth + 1))];
}

function isTlsCode(codes: readonly string[]): boolean {
  return codes.some(
    (code) =>
      NOT_TLS.has(code) ||
      code.startsWith("ERR_TLS_") ||
      code.startsWith("ERR_SSL_") ||
      /CERT|UNABLE_TO_|CRL_/.test(code),
  );
}

function tlsReason(error: unknown, why: string): string {
  if (NOT_TLS.has(why)) return `TLS could not be agreed on (${why}): it may speak plain HTTP`;
  const text = error instanceof Error ? error.message : "";
  return `the certificate is not trusted (${why}${text === "" ? "" : `: ${text.slice(0, 200)}`})`;
}
