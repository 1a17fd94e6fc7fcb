import type { TestContext } from "node:test";
import { temporaryDirectory } from "@cooper/test";
import { serve } from "./serve.ts";
import { readSettings } from "./settings/sources.ts";
import type { SettingSources } from "./settings/sources.ts";

export interface Service {
  /** Where it is, without a slash at the end. */
  readonly url: string;
  readonly directory: string;
  /** What it has logged so far, a line each. */
  readonly lines: readonly Readonly<Record<string, unknown>>[];
  /** Tells it to stop; resolves when it has. */
  stop(): Promise<void>;
}

/** Runs the service as `cooper serve` does, with these settings, until the test ends. */
export async function startService(
  t: TestContext,
  flags: SettingSources["flags"] = {},
  directory: string = temporaryDirectory(t),
): Promise<Service> {
  const stopping = new AbortController();
  const { settings } = readSettings({
    flags: { listen: "127.0.0.1:0", stopTime: "1s", ...flags },
    environment: {},
    file: undefined,
    defaults: { data: directory },
  });
  const lines: Readonly<Record<string, unknown>>[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const ended = serve({
    settings,
    signal: stopping.signal,
    log: (level, message, fields) => {
      lines.push({ level, message, ...fields });
      const [, url] = /^Serving at (.*)$/.exec(message) ?? [];
      if (url !== undefined) resolve(url);
    },
  });
  ended.catch(reject);
  const stop = async (): Promise<void> => {
    stopping.abort();
    await ended;
  };
  t.after(async () => await stop().catch(() => {})); // a test that expects a fault has seen it
  return { url: await promise, directory, lines, stop };
}
