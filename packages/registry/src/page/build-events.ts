import type { ServerResponse } from "node:http";
import { writeHead } from "../http/answer.ts";
import type { Build } from "../demand/builds.ts";

/** No more than so many events a second: bytes are written far more often. */
const INTERVAL_MS = 250;
/** A comment that keeps proxies from ending a silent stream. */
const SILENCE_MS = 15_000;

/**
 * A build's progress as server-sent events (HTML, "Server-sent events"): `log` for each line, `status`
 * whenever something has changed, and after `end` nothing more.
 */
export function streamBuild(response: ServerResponse, build: Build): void {
  writeHead(response, 200, {
    "Content-Type": "text/event-stream; charset=utf-8",
    "Cache-Control": "no-store",
    "X-Accel-Buffering": "no",
  });
  let told = 0;
  let timer: NodeJS.Timeout | undefined;
  const send = (event: string, data: unknown): void => {
    response.write(`event: ${event}\ndata: ${JSON.stringify(data)}\n\n`);
  };
  const tell = (): void => {
    timer = undefined;
    // Who reads slowly is told less: the next status says all that the missed ones said.
    if (response.writableNeedDrain && !build.hasEnded) return;
    for (const line of build.log.slice(told)) send("log", line);
    told = build.log.length;
    send("status", build.status());
    if (!build.hasEnded) return;
    send("end", build.status());
    response.end();
  };
  const unwatch = build.watch(() => {
    timer ??= setTimeout(tell, INTERVAL_MS);
  });
  const silence = setInterval(() => response.write(": still here\n\n"), SILENCE_MS);
  response.once("close", () => {
    unwatch();
    clearTimeout(timer);
    clearInterval(silence);
  });
  tell();
}
