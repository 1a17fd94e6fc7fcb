import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { type Cancellable, readFileStream, type TarInput, verified, writeFileAtomic } from "@cooper/archive";
import { isFault } from "@cooper/sys";
import { Attempts, Connections, get, parseRetryAfter, PassingFault, type Reply } from "@cooper/transport";
import { EngineError } from "../errors.ts";
import { addressOf } from "../graph/dump.ts";
import type { WebOperation } from "../graph/operation.ts";
import { asidePath } from "../run/asides.ts";

interface WebContext extends Cancellable {
  readonly home: string;
  readonly epoch: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/**
 * A file of the web as the only member of a layer. What does not have the digest that was promised is
 * thrown away before anything sees it. `FETCH_FAILED`, `DIGEST_MISMATCH` (of archive)
 */
export async function* webFile(operation: WebOperation, context: WebContext): AsyncGenerator<TarInput> {
  const { url, digest, path, mode = 0o644 } = operation;
  const aside = asidePath(join(context.home, "build"));
  const connections = new Connections({ environment: context.environment });
  const attempts = new Attempts({}, context.signal);
  try {
    for (let isThere = false; !isThere;) {
      try {
        // oxlint-disable-next-line no-await-in-loop -- a try after another
        const reply = await ask(url, connections, context);
        // oxlint-disable-next-line no-await-in-loop
        await writeFileAtomic(aside, verified(reply.stream(), { digest }), context);
        isThere = true;
      } catch (fault) {
        // oxlint-disable-next-line no-await-in-loop
        await attempts.again(fault);
      }
    }
    const mtime = { seconds: context.epoch, nanoseconds: 0 };
    const { size } = statSync(aside);
    yield { path, type: "file", mode, mtime, size, content: () => readFileStream(aside, context) };
  } catch (error) {
    throw named(url, error);
  } finally {
    await connections.close();
    rmSync(aside, { force: true });
  }
}

/** Statuses that may be another one in a moment. */
const PASSING = new Set([408, 429, 500, 502, 503, 504]);

async function ask(url: string, connections: Connections, context: WebContext): Promise<Reply> {
  const address = new URL(url);
  const { username, password } = address;
  address.username = "";
  address.password = "";
  const basic = Buffer.from(`${decodeURIComponent(username)}:${decodeURIComponent(password)}`).toString(
    "base64",
  );
  const ownHeaders: Record<string, string> = username === "" ? {} : { authorization: `Basic ${basic}` };
  const reply = await get(address, { connections, ownHeaders, signal: context.signal });
  if (reply.status === 200) return reply;
  await reply.drop();
  const what = `${addressOf(url)} answered ${reply.status}`;
  if (!PASSING.has(reply.status)) {
    throw new EngineError("FETCH_FAILED", what, { fields: { url: addressOf(url), status: reply.status } });
  }
  throw new PassingFault("REFUSED", what, { retryAfter: parseRetryAfter(reply.header("retry-after")) });
}

/** Says which file it was of what the transport only knows as a host. */
function named(url: string, error: unknown): unknown {
  if (!isFault(error) || error instanceof EngineError) return error;
  return new EngineError("FETCH_FAILED", `cannot fetch ${addressOf(url)}: ${error.message}`, {
    cause: error,
    kind: error.kind,
    fields: { url: addressOf(url) },
    advice: isFault(error, "DIGEST_MISMATCH")
      ? "The file is another one than the graph names: check both before you change the digest."
      : "Check the address, the network and the certificate authorities.",
  });
}
