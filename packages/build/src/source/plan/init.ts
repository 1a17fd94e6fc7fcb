import { basename } from "node:path";
import { packagesJoined } from "../overlay/packages.ts";
import type { Plan, PlanCopy } from "./plan.ts";

/** What an image starts before its program. */
export interface Init {
  /** Where the first process comes from, and what of it the image gets; undefined where it is a package under the application. */
  readonly file?: { readonly root: string; readonly copy: Omit<PlanCopy, "from"> } | undefined;
  /** What stands before the program's own command. */
  readonly command: readonly string[];
}

/** 0.7 MB, stands alone, hands signals on and takes leave of processes that nobody waits for. */
const TINI: Init = {
  file: {
    root: "apt:tini/+nobase",
    copy: { source: "/usr/bin/tini-static", target: "usr/bin/tini" },
  },
  command: ["/usr/bin/tini", "--"],
};

/** That of others stands on their C library: it is one more of the packages that lie there anyway. */
const OTHERS = { apk: "/sbin/tini", nix: "/bin/tini" } as const;

/** References whose images lie under the application, with its first process where that is a package of theirs. */
export function rootsOf(plan: Plan): readonly string[] {
  const { root } = plan.deploy;
  const ecosystem = othersIn(plan);
  const init = initOf(plan);
  return ecosystem === undefined || init === undefined ? root : packagesJoined(root, [`${ecosystem}:tini`]);
}

function othersIn({ deploy }: Plan): keyof typeof OTHERS | undefined {
  const [first = ""] = deploy.root;
  return (["apk", "nix"] as const).find((name) => first.startsWith(`${name}:`));
}

/**
 * The first process of a plan's image. Linux ignores SIGTERM for a container's first process unless
 * that listens for it, so a program that relies on the default would be killed after a wait. Undefined
 * where the program listens, or the plan says `none`.
 */
export function initOf(plan: Plan): Init | undefined {
  const { init, stopSignal, command } = plan.deploy;
  const others = othersIn(plan);
  const tini = others === undefined ? TINI : { command: [OTHERS[others], "--"] };
  if (init !== undefined) return init === "tini" ? tini : undefined;
  const listens =
    stopSignal !== undefined || plan.providers[0] === "go" || LISTENING.test(programOf(command));
  return listens ? undefined : tini;
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
