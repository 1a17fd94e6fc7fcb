import { fromBytes, writeFileAtomic } from "@cooper/archive";
import { diffLocks, ecosystemOf, formatLock, type Lock, openContext, solvePackages } from "@cooper/distro";
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

type Flags = GlobalFlags &
  JsonFlag &
  RepositoryFlags &
  PlatformsFlag & {
    readonly output?: string | undefined;
    readonly update?: readonly string[] | undefined;
    readonly diff?: string | undefined;
  };

export const lock = defineCommand<Flags, [string]>({
  description: `Writes down every input of an image of packages by version and digest: to a file with -o, else to standard
output. No host is in it: it holds on any mirror. --locked FILE makes the image from it again, bit for bit, on any
machine, and with --offline from the cache alone. A lock that was written before can be brought up to date for some
packages only (--update), and compared (--diff).`,
  examples: [
    { run: "lock apt:curl/jq -o cooper.lock", shows: "Lock an image" },
    { run: "lock image.yaml -o image.lock", shows: "Lock what a file in apko's form describes" },
    { run: "copy apt:curl/jq oci:out --locked cooper.lock", shows: "Make exactly that image" },
    { run: "lock apt:curl/jq -o cooper.lock --update curl", shows: "A newer curl; the rest as it was" },
    { run: "lock new.lock --diff old.lock", shows: "What changed between two locks, in words" },
  ],
  parameters: {
    flags: {
      ...globalFlags,
      ...jsonFlag,
      ...repositoryFlags,
      platform: { ...platformsFlag.platform, brief: "For these platforms; default: this machine's" },
      output: text("Write it to this file", "FILE"),
      update: texts(
        "Of the lock in FILE, keep all versions but this package's; may be given again",
        "PACKAGE",
      ),
      diff: text("Print what changed since this lock, and write nothing", "FILE"),
    },
    aliases: { o: "output", r: "repository", k: "keyring" },
    positional: {
      kind: "tuple",
      parameters: [
        {
          placeholder: "ref",
          brief: "apt:…, apk:…, nix:…, npm:…, a file in apko's form, or a lock file",
          parse: String,
        },
      ],
    },
  },
  async run(terminal, flags, reference) {
    const made = await lockOf(terminal, flags, reference);
    if (flags.diff !== undefined) return answerDiff(terminal, flags, readLock(flags.diff), made);
    if (flags.output === undefined) return terminal.answer(formatLock(made).trimEnd());
    await writeFileAtomic(flags.output, fromBytes(formatLock(made)), { signal: terminal.signal });
    const count = made.solutions.reduce((sum, { packages }) => sum + packages.length, 0);
    terminal.note(`${flags.output}: ${count} packages`);
  },
});

async function lockOf(terminal: Terminal, flags: Flags, reference: string): Promise<Lock> {
  if (isDescription(reference)) return await lockDescription(terminal, flags, flags.platform, reference);
  return reference.includes(":") ? await makeLock(terminal, flags, reference) : readLock(reference);
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
  if (output === undefined) {
    throw new CliError("ARGUMENT_INVALID", "--update says nothing of which lock", "Name it: -o FILE.");
  }
  const before = readLock(output);
  if (before.reference === reference) return before;
  throw new CliError(
    "ARGUMENT_INVALID",
    `${output} locks ${before.reference}, and not ${reference}`,
    "Lock it anew, without --update.",
  );
}

/** The versions that stay: of all packages but those that are to be newer. `ARGUMENT_INVALID` */
function kept(before: Lock, update: readonly string[]): ReadonlyMap<string, string> {
  const versions = new Map(
    before.solutions
      .flatMap(({ base, packages }) => [...(base?.packages ?? []), ...packages])
      .map(({ name, version }) => [name, version]),
  );
  for (const name of update) {
    if (versions.delete(name)) continue;
    throw new CliError("ARGUMENT_INVALID", `the lock has no package ${name}`, "See: cooper resolve.");
  }
  return versions;
}

function answerDiff(terminal: Terminal, flags: Flags, before: Lock, after: Lock): void {
  const changes = diffLocks(before, after);
  if (flags.json === true) return terminal.answerJson({ changes });
  const several = new Set(changes.map(({ platform }) => platform)).size > 1;
  for (const { platform, words } of changes) terminal.answer(several ? `${platform}  ${words}` : words);
  if (changes.length === 0) terminal.note("Nothing changed.");
}
