import { closeSync } from "node:fs";
import { makeNodeAt, statusAt } from "@cooper/sys";
import type { PathString } from "../tar/entry.ts";
import type { Destination, Parent } from "./destination.ts";
import { parentOf, systemPath } from "./name.ts";
import type { OwnNames } from "./own-names.ts";
import type { Placement } from "./placement.ts";
import { isDirectory, isSymlink, openDirectory, removeContent, removeName } from "./removal.ts";
import type { Marker } from "./whiteout.ts";

/** What a layer's whiteouts do. `path` is the whiteout's own. */
export interface Whiteouts {
  act(path: PathString, marker: Exclude<Marker, { readonly kind: "ignored" }>): void;
}

/** Deletes what the directory had before; never what the same layer has put there. */
export class AppliedWhiteouts implements Whiteouts {
  readonly #destination: Destination;
  readonly #own: OwnNames;

  constructor(destination: Destination, own: OwnNames) {
    this.#destination = destination;
    this.#own = own;
  }

  act(path: PathString, marker: Parameters<Whiteouts["act"]>[1]): void {
    const parent = this.#destination.find(parentOf(path));
    if (parent === undefined) return; // there is nothing below to hide
    const keeps = (directory: string, name: PathString): boolean => this.#own.has(directory, name);
    if (marker.kind === "opaque") {
      withDirectory(parent, ".", (fd) => removeContent(fd, keeps));
      this.#destination.forget();
      return;
    }
    const removed = removeName(parent.fd, parent.identity, marker.name, keeps);
    if (removed !== undefined && (isDirectory(removed) || isSymlink(removed))) this.#destination.forget();
  }
}

/** Writes them down as overlayfs keeps them: Documentation/filesystems/overlayfs.rst. */
export class OverlayWhiteouts implements Whiteouts {
  readonly #destination: Destination;
  readonly #placement: Placement;

  constructor(destination: Destination, placement: Placement) {
    this.#destination = destination;
    this.#placement = placement;
  }

  act(path: PathString, marker: Parameters<Whiteouts["act"]>[1]): void {
    const parent = this.#destination.open(parentOf(path));
    if (marker.kind === "opaque") {
      withDirectory(parent, ".", (fd) => this.#placement.setOpaque(fd));
      return;
    }
    const status = statusAt(parent.fd, systemPath(marker.name));
    if (status === undefined) {
      makeNodeAt(parent.fd, systemPath(marker.name), "character-device", 0, 0, 0);
    } else if (isDirectory(status)) {
      // This layer's own directory of that name hides the one below by being opaque.
      withDirectory(parent, marker.name, (fd) => this.#placement.setOpaque(fd));
    }
  }
}

function withDirectory(parent: Parent, name: PathString, use: (fd: number) => void): void {
  const fd = openDirectory(parent.fd, systemPath(name));
  try {
    use(fd);
  } finally {
    closeSync(fd);
  }
}
