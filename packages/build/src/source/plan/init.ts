import { basename } from "node:path";
import type { Plan, PlanCopy } from "./plan.ts";

/** What an image starts before its program. */
export interface Init {
  /** Where the first process comes from. */
  readonly root: string;
  readonly copy: Omit<PlanCopy, "from">;
  /** What stands before the program's own command. */
  readonly command: readonly string[];
}

/** 0.7 MB, stands alone, hands signals on and takes leave of processes that nobody waits for. */
const TINI: Init = {
  root: "apt:tini/+nobase",
  copy: { source: "/usr/bin/tini-static", target: "usr/bin/tini" },
  command: ["/usr/bin/tini", "--"],
};

/**
 * The first process of a plan's image. Linux ignores SIGTERM for a container's first process unless
 * that listens for it, so a program that relies on the default would be killed after a wait. Undefined
 * where the program listens, or the plan says `none`.
 */
export function initOf({ providers, deploy }: Plan): Init | undefined {
  const { init, stopSignal, command } = deploy;
  if (init !== undefined) return init === "tini" ? TINI : undefined;
  const listens = stopSignal !== undefined || providers[0] === "go" || LISTENING.test(programOf(command));
  return listens ? undefined : TINI;
}

/** Programs that end when they are told to. Go's runtime lets all of its do so. */
const LISTENING = /^(java|gunicorn|uvicorn|daphne|hypercorn|nginx|lighttpd|caddy|php-fpm[\d.]*|puma|tini)$/;

/** The program's name, also behind a shell that it replaces, or that Python is to run as a module. */
function programOf([program = "", ...rest]: readonly string[]): string {
  const name = basename(program);
  if (name === "sh" && rest[0] === "-c") {
    const [, line] = /\bexec\s+([^;&|]+)$/.exec(rest[1] ?? "") ?? [];
    return line === undefined ? name : programOf(line.trim().split(/\s+/));
  }
  return /^python3?[\d.]*$/.test(name) && rest[0] === "-m" ? (rest[1] ?? "") : name;
}
