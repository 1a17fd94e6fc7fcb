import type { Digest, MediaType } from "@cooper/oci";

/** What happens to one blob or manifest on its way, as it happens. */
export interface TransferEvent {
  /**
   * `start`, `bytes` (any number of times) and `done` for what is carried; `exists`, `mounted` or
   * `skipped` (a foreign layer) for what need not be. A manifest is only `done`.
   */
  readonly type: "start" | "bytes" | "done" | "exists" | "mounted" | "skipped";
  readonly what: "layer" | "config" | "manifest";
  /** The same for all events of one blob, also before its digest is known. */
  readonly id: string;
  readonly mediaType: MediaType;
  /** Missing while a layer is still being made. */
  readonly digest?: Digest | undefined;
  /** Bytes so far. */
  readonly bytes: number;
  /** Bytes in all. Missing while a layer is still being made. */
  readonly total?: number | undefined;
}
