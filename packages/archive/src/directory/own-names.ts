import type { PathString } from "../tar/entry.ts";

/**
 * The names that one layer has put somewhere: its whiteouts, wherever they stand in it, hide only what
 * is from the layers below. Names are known by the identity of the directory that they are in, since a
 * path that goes through a symlink is another path to the same.
 */
export class OwnNames {
  readonly #names = new Map<string, Set<PathString>>();

  add(directory: string, name: PathString): void {
    const names = this.#names.get(directory);
    if (names === undefined) this.#names.set(directory, new Set([name]));
    else names.add(name);
  }

  has(directory: string, name: PathString): boolean {
    return this.#names.get(directory)?.has(name) ?? false;
  }
}
