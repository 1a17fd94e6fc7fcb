import { EngineError } from "../errors.ts";

/** What an image's config says of the process to start (image-spec, config.md). */
export interface ImageProcess {
  readonly Entrypoint?: readonly string[] | null | undefined;
  readonly Cmd?: readonly string[] | null | undefined;
  readonly Env?: readonly string[] | null | undefined;
  readonly User?: string | undefined;
  readonly WorkingDir?: string | undefined;
}

/** What the caller wants otherwise. */
export interface ProcessChange {
  /** Replaces Cmd. */
  readonly arguments?: readonly string[] | undefined;
  /** Replaces Entrypoint, and drops the image's Cmd, as Docker does. Empty: no entrypoint. */
  readonly entrypoint?: readonly string[] | undefined;
  /** `NAME=VALUE`, or `NAME` for the value of the caller's environment. */
  readonly env?: readonly string[] | undefined;
  readonly user?: string | undefined;
  readonly workdir?: string | undefined;
  readonly terminal: "none" | "attached";
}

/** The files of the image that say who is who; "" where there is none. */
export interface Accounts {
  readonly passwd: string;
  readonly group: string;
}

/** The process as a runtime wants it (runtime-spec, config.md, process). */
export interface ContainerProcess {
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly user: { readonly uid: number; readonly gid: number; readonly additionalGids: readonly number[] };
}

const DEFAULT_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * Puts an image's config and the caller's changes together. COMMAND_MISSING, USER_UNKNOWN.
 * `environment` is the caller's own, for `--env NAME` without a value.
 */
export function containerProcess(
  image: ImageProcess,
  change: ProcessChange,
  accounts: Accounts,
  environment: Readonly<Record<string, string | undefined>>,
): ContainerProcess {
  const entrypoint = change.entrypoint ?? image.Entrypoint ?? [];
  const command = change.arguments ?? (change.entrypoint === undefined ? (image.Cmd ?? []) : []);
  const args = [...entrypoint, ...command];
  if (args.length === 0) {
    throw new EngineError("COMMAND_MISSING", "the image has no entrypoint and no command", {
      kind: "usage",
      advice: "Say what to run: cooper run REF -- PROGRAM ARGUMENTS",
    });
  }
  const identity = findUser(change.user ?? image.User ?? "", accounts);
  const env = mergeEnvironment(
    [
      [DEFAULT_PATH, `HOME=${identity.home}`],
      change.terminal === "attached" ? ["TERM=xterm"] : [],
      image.Env ?? [],
      (change.env ?? []).flatMap((entry) => withValue(entry, environment)),
    ].flat(),
  );
  const cwd = change.workdir ?? image.WorkingDir ?? "";
  return {
    args,
    env,
    cwd: cwd === "" ? "/" : cwd.startsWith("/") ? cwd : `/${cwd}`,
    user: { uid: identity.uid, gid: identity.gid, additionalGids: identity.additionalGids },
  };
}

function withValue(entry: string, environment: Readonly<Record<string, string | undefined>>): string[] {
  if (entry.includes("=")) return [entry];
  const value = environment[entry];
  return value === undefined ? [] : [`${entry}=${value}`];
}

/** The last of each name wins and keeps the place of the first. */
function mergeEnvironment(entries: readonly string[]): readonly string[] {
  const merged = new Map<string, string>();
  for (const entry of entries)
    merged.set(entry.slice(0, (entry.indexOf("=") + 1 || entry.length + 1) - 1), entry);
  return [...merged.values()];
}

interface Identity {
  readonly uid: number;
  readonly gid: number;
  readonly additionalGids: readonly number[];
  readonly home: string;
}

const LARGEST_ID = 2 ** 32 - 2;

/** `USER`, `UID`, `USER:GROUP` … (image-spec, config.md, User), looked up in the image's own files. */
function findUser(text: string, accounts: Accounts): Identity {
  const [userName = "", groupName] = text.split(":");
  const passwd = records(accounts.passwd);
  const groups = records(accounts.group);
  const wanted = userName === "" ? "0" : userName;
  const known =
    passwd.find((fields) => fields[0] === wanted) ?? passwd.find((fields) => fields[2] === wanted);
  const uid = numeric(known?.[2] ?? wanted);
  if (uid === undefined) throw unknown("user", wanted, "/etc/passwd");

  let gid = numeric(known?.[3] ?? "0") ?? 0;
  if (groupName !== undefined && groupName !== "") {
    const group = groups.find((fields) => fields[0] === groupName);
    const found = numeric(group?.[2] ?? groupName);
    if (found === undefined) throw unknown("group", groupName, "/etc/group");
    gid = found;
  }
  // As Docker does: a group that is given takes the place of the user's supplementary groups.
  const additionalGids =
    groupName === undefined && known?.[0] !== undefined
      ? groups
          .filter((fields) => (fields[3] ?? "").split(",").includes(known[0] ?? ""))
          .flatMap((fields) => numeric(fields[2] ?? "") ?? [])
      : [];
  return { uid, gid, additionalGids, home: known?.[5] || (uid === 0 ? "/root" : "/") };
}

function records(file: string): readonly (readonly string[])[] {
  return file
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split(":"));
}

function numeric(text: string): number | undefined {
  if (!/^\d{1,10}$/.test(text)) return undefined;
  const id = Number(text);
  return id <= LARGEST_ID ? id : undefined;
}

function unknown(what: "user" | "group", name: string, file: string): EngineError {
  return new EngineError(
    "USER_UNKNOWN",
    `the ${what} ${JSON.stringify(name)} is not in the image's ${file}`,
    {
      advice: `Give a number with --user, or add the ${what} to the image.`,
      fields: { [what]: name, file },
    },
  );
}
