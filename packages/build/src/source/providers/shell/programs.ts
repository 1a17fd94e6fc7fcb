/** Programs that scripts call and that a shell does not bring, and Debian's packages of them. */
const PACKAGES: Readonly<Record<string, string>> = {
  awk: "mawk",
  bc: "bc",
  curl: "curl",
  dig: "bind9-dnsutils",
  envsubst: "gettext-base",
  find: "findutils",
  git: "git",
  grep: "grep",
  gzip: "gzip",
  jq: "jq",
  nc: "netcat-openbsd",
  openssl: "openssl",
  perl: "perl",
  pg_dump: "postgresql-client",
  pgrep: "procps",
  pkill: "procps",
  ps: "procps",
  psql: "postgresql-client",
  python3: "python3",
  redis: "redis-tools",
  rsync: "rsync",
  sed: "sed",
  socat: "socat",
  sqlite3: "sqlite3",
  ssh: "openssh-client",
  tar: "tar",
  unzip: "unzip",
  wget: "wget",
  xargs: "findutils",
  xz: "xz-utils",
  zip: "zip",
};
/** Those that speak TLS and have nobody to trust without it. */
const TLS = new Set(["curl", "git", "openssl", "wget"]);

/**
 * The packages of the programs that a script of a shell calls: the words that stand where a command
 * begins, by their names. One that is hidden (in a variable, in quotes) is not found.
 */
export function packagesOfScript(text: string): readonly string[] {
  const code = text
    .split(/\r?\n/)
    .filter((line) => !line.trimStart().startsWith("#"))
    .join("\n");
  const commands = code.matchAll(
    /(?:^|[|&;(){}`])[ \t]*(?:(?:then|do|else|elif|exec|if|while|until|time|!)[ \t]+)*([\w-]+)(?=[\s;|&)]|$)/gm,
  );
  const called = new Set([...commands].map(([, name = ""]) => name));
  const packages = [...called].flatMap((name) =>
    Object.hasOwn(PACKAGES, name) ? [PACKAGES[name] ?? ""] : [],
  );
  if ([...called].some((name) => TLS.has(name))) packages.push("ca-certificates");
  return [...new Set(packages)].toSorted();
}
