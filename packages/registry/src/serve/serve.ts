import { createRegistry } from "../registry.ts";
import { directoryStorage } from "../storage/directory/directory.ts";
import type { Address } from "./address.ts";

export interface ServeOptions {
  readonly listen: Address;
  /** The directory that the registry keeps everything in. */
  readonly data: string;
  /** How long answers that have begun may take to end when it stops: seconds. */
  readonly graceSeconds?: number | undefined;
  /** Stops it: no more connections, and what has begun may end. */
  readonly signal: AbortSignal;
  /** Is told the address, without a slash at the end, when visitors can come. */
  readonly onListening?: ((url: string) => void) | undefined;
}

/** Runs a registry until the signal, and returns when its last answer has ended. */
export async function serve(options: ServeOptions): Promise<void> {
  const { listen, data, graceSeconds, signal, onListening } = options;
  signal.throwIfAborted();
  const registry = createRegistry({ storage: directoryStorage({ path: data }) });
  const listening = await registry.listen({ ...listen, graceSeconds });
  onListening?.(listening.url);
  if (!signal.aborted) {
    await new Promise<void>((resolve) => {
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }
  await listening.close();
}
