import { createHash, randomUUID } from "node:crypto";
import { readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeDirectories } from "@cooper/sys";

/** What files of one directory contained the last time, so that they need not be read again. */
export interface FileMemory {
  /** The SHA-256 of a file whose size, times and inode are still these. */
  recall(path: string, identity: string): string | undefined;
  remember(path: string, identity: string, content: string): void;
  /** Keeps it for the next time. */
  save(): void;
}

/** Milliseconds: a change that is younger may be followed by another one with the same times. */
const SETTLING = 2000n;

/** Whether a file that changed at this time (milliseconds) can be told from what it may become. */
export function isSettled(changedAt: bigint, now: bigint = BigInt(Date.now())): boolean {
  return now - changedAt > SETTLING;
}

/**
 * The memory of a directory, kept under Cooper's home. What cannot be read of it is forgotten: it
 * only saves work.
 */
export function openMemory(home: string, directory: string): FileMemory {
  const folder = join(home, "build", "files");
  const path = join(folder, createHash("sha256").update(directory).digest("hex"));
  const before = parse(readIfThere(path));
  const now = new Map<string, string>();
  let changed = 0;
  return {
    recall: (file, identity) => {
      const line = before.get(file);
      if (line === undefined || !line.startsWith(`${identity} `)) return undefined;
      now.set(file, line);
      return line.slice(identity.length + 1);
    },
    remember: (file, identity, content) => {
      changed++;
      now.set(file, `${identity} ${content}`);
    },
    save: () => {
      if (changed === 0 && now.size === before.size) return;
      // A name that is not Unicode would come back as another one: such files are read each time.
      const entries = [...now].filter(([file]) => file.isWellFormed());
      makeDirectories(folder);
      const aside = `${path}.${randomUUID()}`;
      writeFileSync(aside, [VERSION, ...entries.flat()].join(SEPARATOR));
      renameSync(aside, path);
    },
  };
}

const VERSION = "cooper files 2";
/** No path has it in it. */
const SEPARATOR = "\0";

function parse(text: string): ReadonlyMap<string, string> {
  const [version, ...parts] = text.split(SEPARATOR);
  const known = new Map<string, string>();
  if (version !== VERSION) return known;
  for (let place = 0; place + 1 < parts.length; place += 2)
    known.set(parts[place] ?? "", parts[place + 1] ?? "");
  return known;
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
