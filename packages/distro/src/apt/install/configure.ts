import { encodeLdSoCache } from "../../rootfs/ld-so-cache.ts";
import { findLibraries } from "../../rootfs/find-libraries.ts";
import { movedDirectory, MOVED_DIRECTORIES } from "../package/layout.ts";
import { type System, writeFile, writeLink } from "../script/commands/system.ts";
import type { InstalledPackage } from "./installed-package.ts";
import { runScript, type ScriptName } from "./run-script.ts";
import { trustCertificates } from "./trust-certificates.ts";

/** Something that a package's script does and that is left out. */
export interface LeftOut {
  readonly installed: InstalledPackage;
  readonly script: ScriptName;
  readonly what: readonly string[];
}

/**
 * Packages that others' scripts count on without naming them, in the order in which they are made ready
 * before all others: accounts, directories, the C library, the shell.
 */
const FIRST = ["base-passwd", "base-files", "libc6", "libc-bin", "dash", "dpkg", "debianutils", "passwd"];

/** Scripts whose work is done here otherwise, or is not wanted: byte code, a /usr that is merged already. */
const NATIVE: readonly { readonly name: RegExp; readonly scripts: readonly ScriptName[] }[] = [
  { name: /^ca-certificates(-java)?$/, scripts: ["postinst"] },
  { name: /^libc6$/, scripts: ["preinst", "postinst"] },
  { name: /^dpkg$/, scripts: ["postinst"] },
  { name: /^(usrmerge|usr-is-merged)$/, scripts: ["preinst", "postinst"] },
];

/** The packages in the order in which their scripts are followed. */
export function inScriptOrder(packages: readonly InstalledPackage[]): readonly InstalledPackage[] {
  return packages.toSorted((a, b) => rankOf(a) - rankOf(b));
}

function rankOf({ solved }: InstalledPackage): number {
  const at = FIRST.indexOf(solved.name);
  return at === -1 ? FIRST.length : at;
}

/** Follows one script of a package, unless what it does is done here. */
export function followScript(
  installed: InstalledPackage,
  script: ScriptName,
  system: System,
): readonly LeftOut[] {
  const isNative = NATIVE.some(
    ({ name, scripts }) => scripts.includes(script) && name.test(installed.solved.name),
  );
  if (isNative) return [];
  const what = runScript(installed, script, system);
  return what.length === 0 ? [] : [{ installed, script, what }];
}

/** What is made once of all packages together: the linker's cache, trusted certificates. */
export function finishSystem(system: System, packages: readonly InstalledPackage[]): void {
  const { tree } = system;
  if (packages.some(({ solved }) => solved.name === "ca-certificates")) trustCertificates(system);
  // Without the C library's configuration nothing reads the cache.
  if (tree.file("etc/ld.so.conf") === undefined) return;
  const { libraries, missing } = findLibraries(tree);
  for (const { path, target } of missing) writeLink(system, path, target);
  const order = BIG_ENDIAN.has(system.architecture) ? "big" : "little";
  writeFile(system, "etc/ld.so.cache", encodeLdSoCache(libraries, order));
}

const BIG_ENDIAN: ReadonlySet<string> = new Set(["s390x", "powerpc", "ppc64", "mips", "hppa", "sparc64"]);

/** The links of a merged /usr that the packages' files need, `bin` → `usr/bin`, and those to /run. */
export function linkMovedDirectories(system: System, packages: readonly InstalledPackage[]): void {
  const listed = packages.flatMap(({ facts }) => facts.listed);
  const used = new Set(listed.map((path) => movedDirectory(path)));
  for (const [directory, target] of MOVED_DIRECTORIES) {
    if (!used.has(directory)) continue;
    const mode = target === "run/lock" ? 0o1777 : 0o755;
    system.tree.makeDirectory(target.split("/", 1)[0] ?? "", {
      mode: 0o755,
      uid: 0,
      gid: 0,
      mtime: system.time,
    });
    system.tree.makeDirectory(target, { mode, uid: 0, gid: 0, mtime: system.time });
    writeLink(system, directory, target.startsWith("run") ? `/${target}` : target);
  }
}
