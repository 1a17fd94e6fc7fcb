import type { Component } from "../sbom.ts";

/** A file of an image that says what is installed. */
export interface DatabaseFile {
  /** Without a slash at its beginning. */
  readonly path: string;
  readonly text: string;
}

/** Which distribution an image is, by its os-release(5). */
export interface Distribution {
  /** `debian`; empty where the image does not say. */
  readonly id: string;
  /** `debian-12`; empty where the image does not say. */
  readonly release: string;
}

/** How one kind of package is found in an image. */
export interface Database {
  /** Whether a file is one of those that are read. */
  readonly reads: (path: string) => boolean;
  readonly components: (files: readonly DatabaseFile[], distribution: Distribution) => readonly Component[];
}

/** `ID` and `VERSION_ID` of an os-release(5). */
export function parseOsRelease(text: string): Distribution {
  const fields = new Map<string, string>();
  for (const line of text.split("\n")) {
    const [, key, value] = /^([A-Z_]+)=["']?([^"']*)["']?\s*$/u.exec(line) ?? [];
    if (key !== undefined && value !== undefined) fields.set(key, value);
  }
  const id = fields.get("ID") ?? "";
  const version = fields.get("VERSION_ID") ?? "";
  return { id, release: id === "" || version === "" ? "" : `${id}-${version}` };
}
