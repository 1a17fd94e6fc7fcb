import type { Cancellable } from "@cooper/archive";
import { z } from "zod";
import { TransportError } from "../errors.ts";
import type { Scope } from "./auth/scope.ts";
import type { Reply } from "./http/reply.ts";
import type { RegistrySession } from "./session.ts";

/** Names to ask for at a time: ECR takes no more than 1000. */
const PAGE_SIZE = 1000;
/** Bytes: a registry that ignores `n` gives everything at once. */
const PAGE_LIMIT = 64 * 1024 * 1024;
const MAX_PAGES = 100_000;

/** What to list, and where it stands in the answer. */
export interface Listing {
  /** `/v2/NAME/tags/list` */
  readonly path: string;
  readonly key: "tags" | "repositories";
  readonly scopes: readonly Scope[];
  readonly what: string;
}

/**
 * Every name of a list, once (distribution-spec, end-8). A page's `Link` leads to the next; where there
 * is none but the page was full, the last name does. A registry that ignores both ends after one.
 */
export async function* listNames(
  session: RegistrySession,
  listing: Listing,
  { signal }: Cancellable = {},
): AsyncGenerator<string, void, undefined> {
  const seen = new Set<string>();
  let target: string | URL = `${listing.path}?n=${PAGE_SIZE}`;
  for (let page = 0; page < MAX_PAGES; page++) {
    // oxlint-disable-next-line no-await-in-loop -- a page names the next
    const { reply, bytes } = await session.receive(
      {
        method: "GET",
        target,
        scopes: listing.scopes,
        headers: { accept: "application/json" },
        what: listing.what,
        accept: [200],
        attempts: session.attempts(signal),
        signal,
      },
      PAGE_LIMIT,
    );
    const names = readPage(session, listing, bytes);
    const fresh = names.filter((name) => !seen.has(name));
    for (const name of fresh) {
      if (seen.has(name)) continue;
      seen.add(name);
      yield name;
    }
    const linked = nextPage(reply);
    const last = names.at(-1);
    if (linked !== undefined) {
      if (fresh.length === 0 && names.length > 0) return; // it goes in a circle
      target = linked;
    } else if (names.length === PAGE_SIZE && fresh.length > 0 && last !== undefined) {
      target = `${listing.path}?n=${PAGE_SIZE}&last=${encodeURIComponent(last)}`;
    } else return;
  }
}

/** The address in `Link: <…>; rel="next"`, which must be the registry's own. `UNSAFE_ADDRESS` */
export function nextPage(reply: Reply): URL | undefined {
  for (const value of reply.headers("link")) {
    for (const [, address = "", parameters = ""] of value.matchAll(/<([^>]*)>((?:\s*;[^,<]*)*)/g)) {
      if (!/;\s*rel\s*=\s*"?next\b/i.test(parameters) || !URL.canParse(address, reply.url.href)) continue;
      const next = new URL(address, reply.url);
      // A proxy in front may have made http of https; nothing else may differ.
      if (next.hostname === reply.url.hostname) return new URL(`${next.pathname}${next.search}`, reply.url);
      throw new TransportError("UNSAFE_ADDRESS", `${reply.url.host}: its next page is at ${next.host}`, {
        advice: "The registry, or a proxy before it, gives wrong addresses; tell its operator.",
      });
    }
  }
  return undefined;
}

function readPage(session: RegistrySession, { key, what }: Listing, bytes: Buffer): readonly string[] {
  const schema = z.looseObject({ [key]: z.array(z.string()).nullish() });
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString("utf8"));
  } catch {
    value = undefined;
  }
  const page = schema.safeParse(value);
  if (page.success) return page.data[key] ?? []; // a repository without tags has null in distribution 2.x
  throw new TransportError("BAD_RESPONSE", `${session.name}: ${what}: the answer is not a list of names`, {
    advice: "Is this a registry? Check the host.",
  });
}
