import type { Commands, Handler } from "../call.ts";
import { accountCommands } from "./accounts.ts";
import { alternativesCommand } from "./alternatives.ts";
import { BUILTINS } from "./builtins.ts";
import { moduleCommands } from "./modules.ts";
import { pamCommand } from "./pam.ts";
import { debconfCommands } from "./debconf.ts";
import { dpkgCommands } from "./dpkg.ts";
import { fileCommands } from "./files.ts";
import type { System } from "./system.ts";
import { test } from "./test.ts";
import { textCommands } from "./text.ts";

/**
 * What an image has no use for: services are not started and not registered, there is no init; byte code
 * is not written; what others do with triggers, ldconfig and certificates is done once for the whole.
 */
const QUIET: ReadonlySet<string> = new Set([
  "deb-systemd-helper",
  "deb-systemd-invoke",
  "dpkg-maintscript-helper",
  "dpkg-trigger",
  "fc-cache",
  "initctl",
  "install-info",
  "invoke-rc.d",
  "logger",
  "ldconfig",
  "mandb",
  "py3clean",
  "py3compile",
  "pycompile",
  "pypy3compile",
  "restorecon",
  "runit-helper",
  "service",
  "sync",
  "systemctl",
  "systemd-tmpfiles",
  "ucfr",
  "udevadm",
  "update-binfmts",
  "update-ca-certificates",
  "update-icon-caches",
  "update-initramfs",
  "update-menus",
  "update-rc.d",
]);

/** All commands that are known, for the scripts of one package. */
export function makeCommands(system: System, packageName: string): Commands {
  const table: Readonly<Record<string, Handler>> = {
    ...BUILTINS,
    ...fileCommands(system),
    ...textCommands(system),
    ...accountCommands(system),
    ...dpkgCommands(system, packageName),
    ...debconfCommands(system),
    ...moduleCommands(system),
    "pam-auth-update": pamCommand(system),
    "update-alternatives": alternativesCommand(system),
    "[": test,
    test,
  };
  return {
    handler: (name) => (Object.hasOwn(table, name) ? table[name] : undefined),
    isQuiet: (name) => QUIET.has(name.slice(name.lastIndexOf("/") + 1)),
  };
}
