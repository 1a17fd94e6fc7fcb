import type { IncomingMessage, ServerResponse } from "node:http";
import type { RegistryError, RegistryErrorCode } from "../errors.ts";

export type Headers = Readonly<Record<string, string | number | string[]>>;

/** The most that all `Warning` headers of an answer may have together (distribution-spec, "Warnings"). */
const MAX_WARNING_BYTES = 4096;
/** How much of a body that nobody wants is still read, so that the client gets to see the answer. */
const MAX_UNREAD_BYTES = 8 * 1024 * 1024;
const LINGER_MS = 1000;
/** Codes that clients do not know. */
const OWN_CODES: ReadonlySet<RegistryErrorCode> = new Set(["MAKE_FAILED", "STORAGE_FAULT"]);

/** Sends a whole answer. To HEAD the body is only counted. */
export function answer(
  response: ServerResponse,
  status: number,
  headers: Headers,
  body: string | Uint8Array = "",
): void {
  const length = typeof body === "string" ? Buffer.byteLength(body) : body.byteLength;
  // 204 and 304 have no length (RFC 9110, 8.6).
  writeHead(
    response,
    status,
    status === 204 || status === 304 ? headers : { "Content-Length": length, ...headers },
  );
  if (response.req.method === "HEAD" || length === 0) response.end();
  else response.end(body);
}

export function answerJson(response: ServerResponse, status: number, headers: Headers, value: unknown): void {
  answer(response, status, { "Content-Type": "application/json", ...headers }, JSON.stringify(value));
}

/** Starts an answer whose body comes after. */
export function writeHead(response: ServerResponse, status: number, headers: Headers): void {
  response.writeHead(status, {
    "Docker-Distribution-API-Version": "registry/2.0",
    ...headers,
  });
}

/** Sends a fault as distribution-spec, "Error Codes", wants it; breaks off if an answer has begun. */
export function answerFault(request: IncomingMessage, response: ServerResponse, fault: RegistryError): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const code = OWN_CODES.has(fault.code) ? "UNKNOWN" : fault.code;
  const message = fault.advice === undefined ? fault.message : `${fault.message}. ${fault.advice}`;
  const body = { errors: [{ code, message, detail: fault.fields }] };
  if (request.complete || Number(request.headers["content-length"]) <= MAX_UNREAD_BYTES) {
    request.resume();
    answerJson(response, fault.status, fault.headers, body);
    return;
  }
  const text = JSON.stringify(body);
  writeHead(response, fault.status, {
    "Content-Type": "application/json",
    "Content-Length": Buffer.byteLength(text),
    Connection: "close",
    ...fault.headers,
  });
  response.write(text);
  endLater(request, response);
}

/**
 * Ends a connection on which the client still sends what nobody wants. Closed at once, the system
 * would reset it, and the client might never see the answer: so a little is read and dropped, then
 * nothing more, and there is time to read the answer.
 */
function endLater(request: IncomingMessage, response: ServerResponse): void {
  let left = MAX_UNREAD_BYTES;
  const end = (): void => {
    clearTimeout(timer);
    response.end();
  };
  const timer = setTimeout(end, LINGER_MS);
  request.on("data", (chunk: Buffer) => {
    left -= chunk.byteLength;
    if (left < 0) request.pause();
  });
  request.once("error", end);
  request.once("close", end);
}

/** `Warning` headers: as many of the texts as fit, each once. */
export function warningHeaders(texts: readonly string[]): readonly string[] {
  const headers: string[] = [];
  let size = 0;
  for (const text of new Set(texts)) {
    // A header carries Latin-1 without controls; what is not printable ASCII becomes a question mark.
    const printable = text.replaceAll(/[^\x20-\x7e]/g, "?").replaceAll(/["\\]/g, "\\$&");
    const header = `299 - "${printable}"`;
    size += header.length;
    if (size > MAX_WARNING_BYTES) break;
    headers.push(header);
  }
  return headers;
}

/** A `Link` to the rest of a list (RFC 8288). */
export function nextLink(path: string, query: Readonly<Record<string, string>>): string {
  return `<${path}?${new URLSearchParams(query).toString()}>; rel="next"`;
}
