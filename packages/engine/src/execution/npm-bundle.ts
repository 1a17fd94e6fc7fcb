/**
 * Authorities that npm is told of (`cafile`) it takes apart anew for each connection, which is a sixth of what an
 * install costs; Node trusts the host's by itself, and so does whatever npm runs. And the path may be the host's.
 */
export function namesBundle(npmrc: string): boolean {
  return npmrc.search(CAFILE) !== -1;
}

/** An npmrc that names no authorities, and is otherwise as it was. */
export function withoutBundle(npmrc: string): string {
  return npmrc.replaceAll(CAFILE, "");
}

const CAFILE = /^[^\S\n]*cafile[^\S\n]*=.*\n?/gm;
