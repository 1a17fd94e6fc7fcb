import type { IncomingMessage, ServerResponse } from "node:http";
import type { Action } from "./auth/authorize.ts";
import { RegistryError } from "./errors.ts";
import type { RegistryLimits, RegistryOptions } from "./options.ts";
import type { BlobReader, Storage } from "./storage/storage.ts";

/** One request on its way through the registry. */
export interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly method: string;
  readonly query: URLSearchParams;
  readonly storage: Storage;
  /** From where blobs are read: the storage, or more. */
  readonly blobs: BlobReader;
  readonly limits: RegistryLimits;
  readonly options: RegistryOptions;
  /** Whether a blob may be mounted without saying from where. */
  readonly mountsAnonymously: boolean;
  /** Uploads being received, over all calls of the registry. */
  readonly uploads: { inFlight: number };
  /** Fails unless the visitor may do this. `UNAUTHORIZED` `DENIED` */
  require(action: Action, repository: string | undefined): Promise<void>;
}

export function methodNotAllowed(call: Pick<Call, "method">, allowed: string): RegistryError {
  return new RegistryError("UNSUPPORTED", `${call.method} is not possible here`, {
    headers: { Allow: allowed },
  });
}
