import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { constants } from "node:os";

/** Set in the environment of a command that runs inside a user namespace made for it. */
const MARK = "COOPER_USER_NAMESPACE";

/** What this process may do: root of the host, root of a user namespace, or an ordinary user. */
export function privilege(): "root" | "user-namespace" | "user" {
  if (process.geteuid?.() !== 0) return "user";
  return mapsAllIds() ? "root" : "user-namespace";
}

/** Whether the user namespace has more than one id, so that other owners than root can be kept. */
export function mapsManyIds(): boolean {
  return mappedIds() > 1;
}

function mappedIds(): number {
  return readFileSync("/proc/self/uid_map", "utf8")
    .trim()
    .split("\n")
    .reduce((sum, line) => sum + Number(line.trim().split(/\s+/)[2]), 0);
}

function mapsAllIds(): boolean {
  return mappedIds() >= 2 ** 32 - 1;
}

/**
 * Starts this very command again as root of a new user namespace, and gives its exit status; gives
 * undefined where that is not needed (root already). With newuidmap and an entry in /etc/subuid the
 * namespace has all the ids that an image needs; without, only the user's own, as root.
 */
export async function againInUserNamespace(argv: readonly string[]): Promise<number | undefined> {
  if (privilege() !== "user") return undefined;
  if (process.env[MARK] !== undefined) return undefined;
  const mapping = hasSubordinateIds() ? ["--map-root-user", "--map-auto"] : ["--map-root-user"];
  const child = spawn(
    "unshare",
    ["--user", ...mapping, "--mount", "--", process.execPath, ...process.execArgv, ...argv],
    { stdio: "inherit", env: { ...process.env, [MARK]: "1" } },
  );
  const passOn = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of FORWARDED_SIGNALS) process.on(signal, passOn);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code, signal) =>
        resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
      );
    });
  } finally {
    for (const signal of FORWARDED_SIGNALS) process.off(signal, passOn);
  }
}

/** Signals that a container's process is meant to see. */
export const FORWARDED_SIGNALS: readonly NodeJS.Signals[] = [
  "SIGHUP",
  "SIGINT",
  "SIGQUIT",
  "SIGTERM",
  "SIGUSR1",
  "SIGUSR2",
  "SIGWINCH",
];

function hasSubordinateIds(): boolean {
  const uid = String(process.getuid?.() ?? "");
  const name = userName(uid);
  return ["/etc/subuid", "/etc/subgid"].every((file) =>
    linesOf(file).some((line) => line.startsWith(`${name}:`) || line.startsWith(`${uid}:`)),
  );
}

function userName(uid: string): string {
  const entry = linesOf("/etc/passwd").find((line) => line.split(":")[2] === uid);
  return entry?.split(":")[0] ?? uid;
}

function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, "utf8").split("\n");
  } catch {
    return [];
  }
}
