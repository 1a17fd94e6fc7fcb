import { constants } from "node:os";
import { getSystemErrorMessage } from "node:util";
import { CooperError, type FaultDetails } from "./error.ts";

/** A Linux error by its name in errno(3), such as `ENOENT`. */
export type SysErrorCode = `E${string}`;

/** What can be wrong with the environment that a process is given. */
export type SettingErrorCode =
  /** A variable of the environment that is not written as documented. */
  "SETTING_INVALID";

export class SettingError extends CooperError<SettingErrorCode> {
  override name = "SettingError";

  constructor(name: string, value: string, advice: string) {
    super("SETTING_INVALID", `${name}=${value}: ${advice}`, {
      kind: "usage",
      advice: `Set ${name} anew, or not at all.`,
      fields: { name, value },
    });
  }
}

/**
 * A call to Linux that failed. `code` is the errno's name; `fields` hold the call, and the path where
 * there is one.
 */
export class SysError extends CooperError<SysErrorCode> {
  override name = "SysError";
  /** The errno: positive. */
  readonly errno: number;

  constructor(errno: number, call: string, path?: string, details: FaultDetails = {}) {
    const code = errnoName(errno);
    const on = path === undefined ? "" : ` ${path}`;
    super(code, `${call}${on}: ${code}, ${describe(errno)}`, {
      ...details,
      fields: { call, ...(path === undefined ? {} : { path }), ...details.fields },
    });
    this.errno = errno;
  }
}

const NAMES: ReadonlyMap<number, SysErrorCode> = new Map(
  Object.entries(constants.errno).map(([name, number]) => [number, `E${name.slice(1)}`]),
);

/** The name of an errno; `EUNKNOWN_n` for one that Node has no name for. */
export function errnoName(errno: number): SysErrorCode {
  // Two names share a number on Linux; the kernel's manual pages use these.
  if (errno === constants.errno.EAGAIN) return "EAGAIN";
  if (errno === constants.errno.EOPNOTSUPP) return "EOPNOTSUPP";
  return NAMES.get(errno) ?? `EUNKNOWN_${errno}`;
}

/** The errno's name on an error that a Linux call (of Node or of this package) threw, else undefined. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("errno" in error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

function describe(errno: number): string {
  try {
    return getSystemErrorMessage(-errno) ?? "no description";
  } catch {
    return "no description";
  }
}
