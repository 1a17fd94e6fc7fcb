import type { TestContext } from "node:test";
import { temporaryDirectory } from "@cooper/test";
import { openRegistryRepository } from "./repository.ts";
import type { OpenRegistryOptions, RegistryRepository } from "./repository.ts";

/** The repository `a/b` of a peer, with an empty home and no pauses between four tries. */
export function openPeer(
  t: TestContext,
  peer: { readonly host: string },
  options: OpenRegistryOptions = {},
): RegistryRepository {
  const repository = openRegistryRepository(
    { host: peer.host, repository: "a/b" },
    { environment: { HOME: temporaryDirectory(t) }, retries: { tries: 4, firstPause: 0 }, ...options },
  );
  t.after(async () => await repository.close());
  return repository;
}
