import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { readTar } from "@cooper/archive";
import type { Layer } from "@cooper/oci";
import { requireProgram, run, temporaryDirectory } from "@cooper/test";
import { execute } from "../execution/execute.ts";
import type { ExecuteOptions } from "../execution/options.ts";
import { describe } from "../graph/dump.ts";
import type { Step } from "../graph/operation.ts";

const ZERO = { platform: { os: "linux", architecture: "amd64" }, epoch: 1_000_000_000, locals: {} } as const;

/** Builds a graph that stands on nothing; `ran`: told what ran. */
export async function build(
  home: string,
  last: Step,
  ran: string[] = [],
  options: Pick<ExecuteOptions, "environment"> = {},
): Promise<readonly Layer[]> {
  return await execute(last, {
    ...ZERO,
    ...options,
    home,
    openImage: async () => await Promise.reject(new Error("there is no image in this graph")),
    onEvent: ({ type, step }) => void (type === "step-done" && ran.push(describe(step.operation))),
  });
}

/** What a layer has: of files the content, of symlinks where they lead, each with its mode. */
export async function contents(layer: Layer | undefined): Promise<Readonly<Record<string, string>>> {
  const found: Record<string, string> = {};
  assert.ok(layer !== undefined);
  for await (const member of readTar(layer.tar())) {
    const text = Buffer.from(member.bytes ?? []).toString();
    const what = member.type === "symlink" ? member.linkPath : member.type === "file" ? text : "";
    found[member.path] = `${member.type} ${member.mode.toString(8)} ${what}`.trim();
    assert.deepEqual([member.uid, member.gid, member.mtime.seconds], [0, 0, ZERO.epoch]);
  }
  return found;
}

export interface Repository {
  readonly directory: string;
  readonly url: string;
  git(...args: readonly string[]): Promise<string>;
  /** Commits all that lies there, and gives the commit. */
  commit(): Promise<string>;
}

/** A repository without a commit; undefined, and a loud skip, where git is missing. */
export async function repository(t: TestContext): Promise<Repository | undefined> {
  if (requireProgram(t, "git") === undefined) return undefined;
  const directory = join(temporaryDirectory(t), "repository");
  mkdirSync(directory);
  const git = async (...args: readonly string[]): Promise<string> => {
    const settings = ["user.name=Test", "user.email=test@example.com", "core.safecrlf=false"];
    const flags = [...settings, "protocol.file.allow=always"].flatMap((setting) => ["-c", setting]);
    return (await run("git", ["-C", directory, ...flags, ...args])).stdout.trim();
  };
  await git("init", "-q");
  return {
    directory,
    url: `file://${directory}`,
    git,
    commit: async () => {
      await git("add", "-A");
      await git("commit", "-qm", "a commit");
      return await git("rev-parse", "HEAD");
    },
  };
}
