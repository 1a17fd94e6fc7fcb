import type { IncomingMessage, ServerResponse } from "node:http";
import { RegistryError } from "../errors.ts";
import { answer, answerFault } from "../http/answer.ts";
import { EXPOSITION_TYPE } from "./metrics/exposition.ts";

export interface OperationsOptions {
  /** Fails if the service cannot do its work now. */
  readonly check: () => Promise<void>;
  /** The metrics' text; without it they are not shown here. */
  readonly metrics: (() => string) | undefined;
}

/** What an operator's programs ask: whether it lives, whether it can work, what it has counted. */
export interface Operations {
  /** Answers such a request, and says whether it was one. */
  handle(request: IncomingMessage, response: ServerResponse): Promise<boolean>;
}

/** A check is worth this long, so that asking often costs nothing: milliseconds. */
const CHECK_MS = 1000;

/** `/healthz`: the process answers. `/readyz`: it can also read and write, and is not about to stop. `/metrics`. */
export function createOperations({ check, metrics }: OperationsOptions): Operations {
  let last: { readonly at: number; readonly outcome: Promise<string | undefined> } | undefined;
  const whyNot = async (): Promise<string | undefined> => {
    const now = performance.now();
    if (last === undefined || now - last.at > CHECK_MS) {
      const outcome = check().then(
        () => undefined,
        (error: unknown) => (error instanceof RegistryError ? error.message : "the check failed"),
      );
      last = { at: now, outcome };
    }
    return await last.outcome;
  };

  return {
    handle: async (request, response) => {
      const path = (request.url ?? "").split("?", 1)[0];
      if (path !== "/healthz" && path !== "/readyz" && (path !== "/metrics" || metrics === undefined))
        return false;
      if (request.method !== "GET" && request.method !== "HEAD") {
        const headers = { Allow: "GET, HEAD" };
        answerFault(
          request,
          response,
          new RegistryError("UNSUPPORTED", "this can only be read", { headers }),
        );
        return true;
      }
      const text = { "Content-Type": "text/plain; charset=utf-8", "Cache-Control": "no-store" };
      if (path === "/healthz") answer(response, 200, text, "ok\n");
      else if (path === "/metrics")
        answer(response, 200, { ...text, "Content-Type": EXPOSITION_TYPE }, metrics?.());
      else {
        const reason = await whyNot();
        answer(response, reason === undefined ? 200 : 503, text, `${reason ?? "ok"}\n`);
      }
      return true;
    },
  };
}
