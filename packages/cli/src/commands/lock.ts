import { statSync } from "node:fs";
import { fromBytes, writeFileAtomic } from "@cooper/archive";
import { diffSourceLocks } from "@cooper/build";
import type { SourceLock, SourceLockChange } from "@cooper/build";
import {
  diffLocks,
  ecosystemOf,
  type Lock,
  type LockChange,
  openContext,
  solvePackages,
  versionsOf,
} from "@cooper/distro";
import type { Platform } from "@cooper/oci";
import { hostPlatform } from "@cooper/transport";
import { lockDescription } from "../apko.ts";
import { defineCommand } from "../command.ts";
import type { Terminal } from "../display/terminal.ts";
import { isDescription } from "../description.ts";
import { CliError } from "../errors.ts";
import { globalFlags, jsonFlag, text, texts } from "../flags.ts";
import type { GlobalFlags, JsonFlag } from "../flags.ts";
import { parsePackageReference, readLock, repositoryFlags, repositoryOptions } from "../packages.ts";
import type { RepositoryFlags } from "../packages.ts";
import { platformsFlag } from "../places.ts";
import type { PlatformsFlag } from "../places.ts";
import { sourceFlags } from "../source.ts";
import type { SourceFlags } from "../source.ts";
import { lockSource, notLocked } from "../lock-source.ts";
import { locksIn, readLockFile } from "../source-locks.ts";

type Flags = GlobalFlags &
  JsonFlag &
  RepositoryFlags &
  PlatformsFlag &
  SourceFlags & {
    readonly output?: string | undefined;
    readonly update?: readonly string[] | undefined;
    readonly diff?: string | undefined;
  };

export const lock = defineCommand<Flags, [string]>({
  description: `Writes down every input of an image of packages by version and digest: to a file with -o, else to standard
output. No host is in it: it holds on any mirror. --locked FILE makes the image from it again, bit for bit, on any
machine, and with --offline from the cache alone. A lock that was written before can be brought up to date for some
packages only (--update), and compared (--diff). Of a directory of source it is what its plan stands on; cooper build takes
that with --locked.`,
  examples: [
    { run: "lock apt:curl/jq -o cooper.lock", shows: "Lock an image" },
    { run: "lock image.yaml -o image.lock", shows: "Lock what a file in apko's form describes" },
    { run: "lock . -o cooper.lock", shows: "Lock what a source's plan stands on" },
    { run: "build . -t shop --locked cooper.lock", shows: "Build on exactly that" },
    { run: "copy apt:curl/jq oci:out --locked cooper.lock", shows: "Make exactly that image" },
    { run: "lock apt:curl/jq -o cooper.lock --update curl", shows: "A newer curl; the rest as it was" },
    { run: "lock new.lock --diff old.lock", shows: "What changed between two locks, in words" },
  ],
  parameters: {
    flags: {
      ...globalFlags,
      ...jsonFlag,
      ...repositoryFlags,
      ...sourceFlags,
      platform: { ...platformsFlag.platform, brief: "For these platforms; default: this machine's" },
      output: text("Write it to this file", "FILE"),
      update: texts(
        "Of the lock in FILE, keep all versions but this package's; may be given again",
        "PACKAGE",
      ),
      diff: text("Print what changed since this lock, and write nothing", "FILE"),
    },
    aliases: { o: "output", r: "repository", k: "keyring", e: "env" },
    positional: {
      kind: "tuple",
      parameters: [
        {
          placeholder: "ref",
          brief: "apt:…, apk:…, nix:…, npm:…, a file in apko's form, a directory of source, or a lock file",
          parse: String,
        },
      ],
    },
  },
  async run(terminal, flags, reference) {
    const made = await lockOf(terminal, flags, reference);
    if (flags.diff !== undefined) return answerDiff(terminal, flags, readLockFile(flags.diff), made);
    const json = JSON.stringify(made, undefined, 2);
    if (flags.output === undefined) return terminal.answer(json);
    await writeFileAtomic(flags.output, fromBytes(`${json}\n`), { signal: terminal.signal });
    terminal.note(`${flags.output}: ${packagesIn(made)} packages`);
  },
});

/** What a lock file has: packages of one reference, or what a source's plan stands on. */
type Made = Lock | SourceLock;

async function lockOf(terminal: Terminal, flags: Flags, what: string): Promise<Made> {
  if (isDescription(what)) return await lockDescription(terminal, flags, flags.platform, what);
  if (what.includes(":")) return await makeLock(terminal, flags, what);
  if (statSync(what, { throwIfNoEntry: false })?.isDirectory() !== true) return readLockFile(what);
  const { update, output } = flags;
  const updated = update === undefined ? undefined : { file: lockFileToUpdate(output), packages: update };
  return await lockSource(terminal, what, flags, updated);
}

function packagesIn(made: Made): number {
  return Object.values(locksIn(made))
    .flatMap((locked) => ("solutions" in locked ? locked.solutions : []))
    .reduce((sum, { base, packages }) => sum + (base?.packages.length ?? 0) + packages.length, 0);
}

async function makeLock(terminal: Terminal, flags: Flags, reference: string): Promise<Lock> {
  const { ecosystem: name, rest } = parsePackageReference(reference);
  const before = lockToUpdate(flags, reference);
  const platforms: readonly Platform[] = flags.platform ??
    before?.solutions.map(({ platform }) => platform) ?? [hostPlatform()];
  const context = await openContext({
    ...repositoryOptions(terminal, flags),
    keep: before === undefined ? undefined : kept(before, flags.update ?? []),
    before: before?.solutions,
    signal: terminal.signal,
  });
  try {
    const request = (await ecosystemOf(name)).parse(rest);
    return { version: 1, reference, solutions: await solvePackages(name, request, platforms, context) };
  } finally {
    await context.close();
  }
}

function lockToUpdate({ update, output }: Flags, reference: string): Lock | undefined {
  if (update === undefined) return undefined;
  const file = lockFileToUpdate(output);
  const before = readLock(file);
  if (before.reference === reference) return before;
  throw new CliError(
    "ARGUMENT_INVALID",
    `${file} locks ${before.reference}, and not ${reference}`,
    "Lock it anew, without --update.",
  );
}

function lockFileToUpdate(output: string | undefined): string {
  if (output !== undefined) return output;
  throw new CliError("ARGUMENT_INVALID", "--update says nothing of which lock", "Name it: -o FILE.");
}

/** The versions that stay: of all packages but those that are to be newer. `ARGUMENT_INVALID` */
function kept(before: Lock, update: readonly string[]): ReadonlyMap<string, string> {
  const versions = versionsOf(before.solutions);
  for (const name of update) if (!versions.delete(name)) throw notLocked(name);
  return versions;
}

function answerDiff(terminal: Terminal, flags: Flags, before: Made, after: Made): void {
  const changes = changesOf(before, after);
  if (flags.json === true) return terminal.answerJson({ changes });
  const several = new Set(changes.map(({ platform }) => platform)).size > 1;
  for (const change of changes) {
    const of = [...("reference" in change ? [change.reference] : []), ...(several ? [change.platform] : [])];
    terminal.answer([...of, change.words].filter((word) => word !== "").join("  "));
  }
  if (changes.length === 0) terminal.note("Nothing changed.");
}

function changesOf(before: Made, after: Made): readonly (LockChange | SourceLockChange)[] {
  const isOfSource = "locks" in before || "locks" in after;
  return isOfSource ? diffSourceLocks(locksIn(before), locksIn(after)) : diffLocks(before, after);
}
