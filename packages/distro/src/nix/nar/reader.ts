import { type ByteStream, DEFAULT_LIMITS, decodePath, type Limits, type PathString } from "@cooper/archive";
import { DistroError } from "../../errors.ts";
import { type TokenOptions, Tokens } from "./tokens.ts";

export interface ReadNarOptions extends TokenOptions {
  /** `maxEntries`, `maxPathBytes` and `maxNesting` are looked at; default `DEFAULT_LIMITS`. */
  readonly limits?: Partial<Limits> | undefined;
}

/** A file, directory or symlink of an archive. */
export interface NarEntry {
  /** Below the archive's root, with slashes; the root itself is the empty path. */
  readonly path: PathString;
  readonly type: "file" | "directory" | "symlink";
  readonly isExecutable: boolean;
  /** Bytes of a file's content. */
  readonly size: number;
  /** Of a symlink, as written. */
  readonly target: PathString;
  /** A file's content, where it is in memory already. */
  readonly bytes: Uint8Array | undefined;
  /** A file's content, as it comes. To be read before the next entry is asked for; else it is passed over. */
  readonly content: () => ByteStream;
}

/**
 * The entries of a NAR, Nix's archive of a store path, parents first (E. Dolstra, "The Purely
 * Functional Software Deployment Model", figure 5.2). Content is never buffered. Only what Nix itself
 * would write is read: names sorted by their bytes and no name twice, none that could leave its
 * directory, zeros where words are filled up, nothing after the end. `PACKAGE_INVALID`
 */
export async function* readNar(
  stream: ByteStream,
  options: ReadNarOptions,
): AsyncGenerator<NarEntry, void, undefined> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const tokens = new Tokens(stream, options);
  /** The directories that are open, the innermost last. */
  const open: Directory[] = [];
  let entries = 0;
  try {
    await tokens.fill();
    tokens.expect("nix-archive-1");
    let path: PathString | undefined = "";
    while (path !== undefined) {
      if (++entries > limits.maxEntries)
        throw tokens.invalid(`it has more than ${limits.maxEntries} entries`);
      if (tokens.isShort) await tokens.fill();
      const entry: ReadableEntry = await readNode(tokens, path, limits);
      yield entry;
      if (entry.type === "directory") {
        if (open.length === limits.maxNesting) {
          throw tokens.invalid(`directories lie more than ${limits.maxNesting} deep`);
        }
        open.push({ path, lastName: undefined });
      } else {
        await entry.finish();
      }
      path = await nextPath(tokens, open, limits);
    }
    await tokens.end();
  } finally {
    await tokens.close();
  }
}

interface Directory {
  readonly path: PathString;
  lastName: Buffer | undefined;
}

interface ReadableEntry extends NarEntry {
  /** Goes past what was not read of the content, and past the node's end. */
  finish(): Promise<void>;
}

async function readNode(tokens: Tokens, path: PathString, limits: Limits): Promise<ReadableEntry> {
  tokens.expect("(");
  tokens.expect("type");
  const type = tokens.expect("regular", "directory", "symlink");
  if (type === "regular") return readFile(tokens, path);
  if (type === "directory") return { ...NO_CONTENT, path, type, finish: async () => {} };
  tokens.expect("target");
  const target = await tokens.word(limits.maxPathBytes, "a symlink's target");
  if (target.length === 0 || target.includes(0))
    throw tokens.invalid("a symlink's target is empty or has a NUL");
  const finish = async (): Promise<void> => {
    if (tokens.isShort) await tokens.fill();
    tokens.expect(")");
  };
  return { ...NO_CONTENT, path, type: "symlink", target: decodePath(target), finish };
}

function readFile(tokens: Tokens, path: PathString): ReadableEntry {
  const isExecutable = tokens.expect("executable", "contents") === "executable";
  if (isExecutable) {
    tokens.expect("");
    tokens.expect("contents");
  }
  const size = tokens.length("a file");
  const bytes = tokens.ready(size);
  let left = bytes === undefined ? size : 0;
  let isAsked = false;
  async function* content(): ByteStream {
    if (bytes !== undefined) {
      yield bytes;
      return;
    }
    if (isAsked) throw passed(path);
    isAsked = true;
    while (left > 0) {
      const chunk = await tokens.some(left);
      left -= chunk.length;
      yield chunk;
    }
  }
  const finish = async (): Promise<void> => {
    isAsked = true;
    while (left > 0) left -= (await tokens.some(left)).length;
    if (tokens.isShort) await tokens.fill();
    tokens.padding(size);
    tokens.expect(")");
  };
  return { path, type: "file", isExecutable, size, target: "", bytes, content, finish };
}

/** The path of the next entry; undefined after the last one. */
async function nextPath(tokens: Tokens, open: Directory[], limits: Limits): Promise<PathString | undefined> {
  for (let directory = open.at(-1); directory !== undefined; directory = open.at(-1)) {
    // oxlint-disable-next-line no-await-in-loop
    if (tokens.isShort) await tokens.fill();
    // A node that is in a directory stands in the parentheses of its entry.
    if (directory.lastName !== undefined) tokens.expect(")");
    if (tokens.expect("entry", ")") === "entry") return await entryPath(tokens, directory, limits);
    open.pop();
  }
  return undefined;
}

async function entryPath(tokens: Tokens, directory: Directory, limits: Limits): Promise<PathString> {
  tokens.expect("(");
  tokens.expect("name");
  const name = await tokens.word(MAX_NAME_BYTES, "a name");
  const { lastName } = directory;
  const text = decodePath(name);
  if (text === "" || text === "." || text === ".." || name.includes("/") || name.includes(0)) {
    throw tokens.invalid(`${JSON.stringify(text)} is no name that may stand in a directory`);
  }
  if (lastName !== undefined && Buffer.compare(lastName, name) >= 0) {
    const what = lastName.equals(name)
      ? "stands there twice"
      : `comes after ${JSON.stringify(decodePath(lastName))}`;
    throw tokens.invalid(`the name ${JSON.stringify(text)} ${what}`);
  }
  directory.lastName = Buffer.from(name);
  tokens.expect("node");
  const path = directory.path === "" ? text : `${directory.path}/${text}`;
  if (path.length > limits.maxPathBytes)
    throw tokens.invalid(`a path is longer than ${limits.maxPathBytes} bytes`);
  return path;
}

/** Linux's NAME_MAX. */
const MAX_NAME_BYTES = 255;

const NO_CONTENT = {
  isExecutable: false,
  size: 0,
  target: "",
  bytes: undefined,
  content: async function* (): ByteStream {},
} as const;

function passed(path: PathString): DistroError {
  return new DistroError("PACKAGE_INVALID", `the content of ${JSON.stringify(path)} was asked for too late`);
}
