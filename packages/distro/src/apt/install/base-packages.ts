/**
 * What every image of apt's packages is given besides those that were asked for, so that it is a system
 * that programs expect to find: the directories of base-files and /etc/passwd, a shell as /bin/sh, the
 * programs that scripts call without naming coreutils (it is essential, nothing depends on it), and of
 * the C library its configuration and the locale C.UTF-8.
 */
export const BASE_PACKAGES: readonly string[] = [
  "base-files",
  "base-passwd",
  "coreutils",
  "dash",
  "libc-bin",
];

/** Why they are there, as `SolvedPackage.reason` says it. */
export const BASE_REASON = "base of every apt image";
