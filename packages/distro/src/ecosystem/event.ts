import type { FetchEvent } from "../fetch/fetcher.ts";

/** What happens while packages become an image; for displays. */
export type DistroEvent =
  | FetchEvent
  /** An index was read: from its repository, or parsed before and loaded from the cache. */
  | { readonly type: "index-loaded"; readonly repository: string; readonly packages: number }
  | { readonly type: "solved"; readonly packages: number; readonly downloadSize: number }
  /** Something a user should know: a maintainer script that did not run, a signature that was let pass. */
  | { readonly type: "warning"; readonly subject: string; readonly message: string };
