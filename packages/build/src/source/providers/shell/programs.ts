import { named, type Names, same, SHARED } from "../../distribution/names.ts";

/** Programs that scripts call and that a shell does not bring, and what brings them. */
const PACKAGES: Readonly<Record<string, Names>> = {
  awk: same("mawk"),
  bc: same("bc"),
  curl: same("curl"),
  dig: named("bind9-dnsutils", "bind-tools", "dnsutils"),
  envsubst: named("gettext-base", "gettext", "gettext"),
  find: SHARED.findutils,
  git: SHARED.git,
  grep: SHARED.grep,
  gzip: SHARED.gzip,
  jq: same("jq"),
  nc: named("netcat-openbsd", "netcat-openbsd", "netcat-openbsd"),
  openssl: same("openssl"),
  perl: same("perl"),
  pg_dump: named("postgresql-client", "postgresql-client", "postgresql"),
  pgrep: same("procps"),
  pkill: same("procps"),
  ps: same("procps"),
  psql: named("postgresql-client", "postgresql-client", "postgresql"),
  python3: SHARED.python,
  redis: named("redis-tools", "redis", "redis"),
  rsync: same("rsync"),
  sed: SHARED.sed,
  socat: same("socat"),
  sqlite3: named("sqlite3", "sqlite", "sqlite"),
  ssh: named("openssh-client", "openssh-client", "openssh"),
  tar: named("tar", "tar", "gnutar"),
  unzip: SHARED.unzip,
  wget: same("wget"),
  xargs: SHARED.findutils,
  xz: named("xz-utils", "xz", "xz"),
  zip: same("zip"),
};
/** Those that speak TLS and have nobody to trust without it. */
const TLS = new Set(["curl", "git", "openssl", "wget"]);

/**
 * What brings the programs that a script of a shell calls: the words that stand where a command begins,
 * by their names. One that is hidden (in a variable, in quotes) is not found.
 */
export function packagesOfScript(text: string): readonly Names[] {
  const code = text
    .split(/\r?\n/)
    .filter((line) => !line.trimStart().startsWith("#"))
    .join("\n");
  const commands = code.matchAll(
    /(?:^|[|&;(){}`])[ \t]*(?:(?:then|do|else|elif|exec|if|while|until|time|!)[ \t]+)*([\w-]+)(?=[\s;|&)]|$)/gm,
  );
  const called = new Set([...commands].map(([, name = ""]) => name));
  const rows = [...called].flatMap((name) => (Object.hasOwn(PACKAGES, name) ? (PACKAGES[name] ?? []) : []));
  if ([...called].some((name) => TLS.has(name))) rows.push(SHARED.certificates);
  const byName = new Map(rows.map((row) => [row.apt ?? row.title, row]));
  return [...byName].toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
}
