import { constants } from "node:os";
import { SysError } from "./errors.ts";

/** A path or a name: text is UTF-8; a name that is not UTF-8 is given as a Buffer. */
export type Path = string | Buffer;

/** A path, or the descriptor of a file that is open already. */
export type PathOrDescriptor = Path | number;

const NUL = Buffer.alloc(1);

/**
 * A path as C takes it. A NUL inside would cut it short there, and a lone surrogate would become
 * another name: both are refused.
 */
export function cString(path: Path): string | Buffer {
  if (typeof path === "string") {
    if (path.includes("\0")) throw new SysError(constants.errno.EINVAL, "path with a NUL", path);
    if (!path.isWellFormed()) throw new SysError(constants.errno.EILSEQ, "path not in Unicode", path);
    return path;
  }
  if (path.includes(0)) throw new SysError(constants.errno.EINVAL, "path with a NUL", path.toString());
  return Buffer.concat([path, NUL]);
}
