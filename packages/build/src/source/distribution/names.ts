/**
 * Something that comes in packages, by each ecosystem's names for them: several with spaces between, `""`
 * where it is there without one. What has no name in an ecosystem cannot be had there.
 */
export interface Names {
  /** In words, for whoever is told that it cannot be had. */
  readonly title: string;
  readonly apt?: string | undefined;
  readonly apk?: string | undefined;
  readonly nix?: string | undefined;
}

/** What several providers need. Each one's own needs stand beside it. */
export const SHARED = {
  /** Leaves out what Debian's own images always have; others have nothing that is not asked for. */
  alone: { title: "nothing else", apt: "+nobase", apk: "", nix: "" },
  /** The directories and files that programs take for granted. */
  base: { title: "base files", apt: "base-files", apk: "alpine-baselayout-data", nix: "" },
  "library cache": { title: "ldconfig", apt: "libc-bin", apk: "", nix: "" },
  "network names": { title: "names of services and protocols", apt: "netbase", apk: "", nix: "" },
  certificates: {
    title: "certificate authorities",
    apt: "ca-certificates",
    apk: "ca-certificates-bundle",
    nix: "",
  },
  "time zones": same("tzdata"),
  init: same("tini"),

  shell: { title: "a shell", apt: "dash", apk: "busybox", nix: "bash" },
  coreutils: same("coreutils"),
  findutils: same("findutils"),
  grep: { title: "grep", apt: "grep", apk: "grep", nix: "gnugrep" },
  sed: { title: "sed", apt: "sed", apk: "sed", nix: "gnused" },
  awk: { title: "awk", apt: "gawk", apk: "gawk", nix: "gawk" },
  diff: same("diffutils"),
  gzip: same("gzip"),
  unzip: same("unzip"),
  git: same("git"),

  "C compiler": { title: "a C compiler", apt: "gcc", apk: "gcc", nix: "gcc" },
  "C++ compiler": { title: "a C++ compiler", apt: "g++", apk: "g++", nix: "gcc" },
  "C headers": { title: "the C library's headers", apt: "libc6-dev", apk: "musl-dev", nix: "" },
  /** readelf and strip, where they do not come with a compiler. */
  "object tools": { title: "binutils", apt: "", apk: "", nix: "binutils" },
  "compiler cache": { title: "ccache", apt: "ccache", apk: "ccache", nix: "" },
  "C library": { title: "the C library", apt: "libc6", apk: "musl", nix: "glibc" },
  "compiler library": { title: "libgcc", apt: "libgcc-s1", apk: "libgcc", nix: "stdenv.cc.cc.lib" },
  "C++ library": { title: "the C++ library", apt: "libstdc++6", apk: "libstdc++", nix: "stdenv.cc.cc.lib" },
  make: { title: "Make", apt: "make", apk: "make", nix: "gnumake" },
  cmake: same("cmake"),
  meson: same("meson"),
  ninja: { title: "Ninja", apt: "ninja-build", apk: "samurai", nix: "ninja" },
  "pkg-config": { title: "pkg-config", apt: "pkg-config", apk: "pkgconf", nix: "pkg-config" },
  autotools: {
    title: "Autoconf, Automake and libtool",
    apt: "autoconf automake libtool autopoint gettext",
    apk: "autoconf automake libtool gettext gettext-dev",
    nix: "autoconf automake libtool gettext",
  },
  python: { title: "Python", apt: "python3", apk: "python3", nix: "python3" },
  pip: { title: "pip", apt: "python3-pip", apk: "py3-pip", nix: "python3Packages.pip" },
} as const satisfies Readonly<Record<string, Names>>;

/** By its name in the table, or a row of a provider's own. */
export type Need = keyof typeof SHARED | Names;

/** What has one name everywhere. */
export function same(name: string): Names {
  return named(name, name, name);
}

/** What is best known by Debian's name for it; undefined where it cannot be had. */
export function named(apt: string, apk: string | undefined, nix: string | undefined): Names {
  return { title: apt, apt, apk, nix };
}
