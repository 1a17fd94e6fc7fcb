import { decodePath, encodePath, type PathString } from "@cooper/archive";
import type { SharedLibrary } from "./elf.ts";

/** Who may do what with a file, and when it was changed. */
export interface Attributes {
  /** Permission, setuid, setgid and sticky bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  /** Seconds since 1970. */
  readonly mtime: number;
}

/** Where a file's bytes come from: memory, or a place in a file of the cache that whoever made it knows. */
export type Content = { readonly bytes: Buffer } | PackageBytes;

/** Bytes of a package's member. Two are the same if it is the same object. */
export interface PackageBytes {
  readonly package: number;
  readonly offset: number;
  readonly size: number;
  /** As Latin-1, where it is known without reading the package. */
  readonly text: string | undefined;
  /** Where it is a shared library. */
  readonly library?: SharedLibrary | undefined;
}

/** A file; hard links are one object at several paths. */
export interface FileNode extends Attributes {
  readonly type: "file";
  readonly content: Content;
}

export interface SymlinkNode extends Attributes {
  readonly type: "symlink";
  readonly target: string;
}

export interface DirectoryNode extends Attributes {
  readonly type: "directory";
  readonly entries: Map<string, TreeNode>;
}

export type TreeNode = FileNode | SymlinkNode | DirectoryNode;

/** A path as the text of files has it here: its bytes as Latin-1. */
export function latin1OfPath(path: PathString): string {
  return encodePath(path).toString("latin1");
}

/** The path that Latin-1 text from a file means. */
export function pathOfLatin1(text: string): PathString {
  return decodePath(Buffer.from(text, "latin1"));
}

/** A file's content as Latin-1, where it is in memory. */
export function textOf(node: FileNode): string | undefined {
  return "bytes" in node.content ? node.content.bytes.toString("latin1") : node.content.text;
}

export function sizeOf(node: FileNode): number {
  return "bytes" in node.content ? node.content.bytes.length : node.content.size;
}
