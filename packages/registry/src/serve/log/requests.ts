import type { RegistryEvent } from "../../options.ts";
import { ClientGone } from "../../routes/blobs.ts";
import type { Level, Log } from "./log.ts";

/** Writes what became of a request; what failed inside, with its cause, which the client was not told. */
export function logRequest(log: Log, event: RegistryEvent): void {
  const { method, path, fault, milliseconds, repository: _, kind: __, ...rest } = event;
  const isGone = fault instanceof ClientGone;
  log(levelOf(event), `${method} ${printable(path)}`, {
    ...rest,
    milliseconds: Math.round(milliseconds * 10) / 10,
    fault: isGone ? "the client has gone" : fault,
  });
}

function levelOf({ status, fault }: RegistryEvent): Level {
  if (fault !== undefined && !(fault instanceof ClientGone) && status >= 500) return "error";
  return "info";
}

/** Of a path that a client made up, as much as a line can bear. */
function printable(path: string): string {
  return path.slice(0, 1000).replaceAll(/[^\x21-\x7e]/g, "?");
}
