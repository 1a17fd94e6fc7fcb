import {
  type ExecMount,
  type ExecOperation,
  type FileOperation,
  makeStep,
  type PathCopy,
  type Step,
} from "@cooper/engine";
import { parseDigest, type Platform } from "@cooper/oci";
import { BuildError } from "../../errors.ts";
import { initOf, rootsOf } from "./init.ts";
import { DEFAULT_DIRECTORY, type Plan, type PlanCopy, type PlanSource, type PlanStep } from "./plan.ts";

export interface GraphOptions {
  readonly platform: Platform;
  /** What each reference of the plan is made of, by reference: part of the keys. */
  readonly pinned: ReadonlyMap<string, string>;
  /** What is left out of the source. */
  readonly ignored: readonly string[];
  /** Secrets that were given, by name: a step that does not name them does not see them. */
  readonly secrets: readonly string[];
}

/** The graph of a plan: its last step has the layers of the image. `PLAN_INVALID` */
export function graphOfPlan(plan: Plan, options: GraphOptions): Step {
  const made = new Map<string, Step>();
  const source = makeStep({ kind: "local", name: "source", include: [], exclude: options.ignored });
  const rootOf = (references: readonly string[]): Step => {
    const images = references.map((reference) =>
      makeStep({
        kind: "image",
        reference,
        platform: options.platform,
        pinned: options.pinned.get(reference) ?? "",
      }),
    );
    const [only, ...others] = images;
    if (only === undefined) throw invalid("a step that goes on with no other needs a root");
    return others.length === 0 ? only : makeStep({ kind: "merge" }, images);
  };
  const find = (name: string, asker: string): Step => {
    if (name === "source") return source;
    if (name === "deploy") return rootOf(rootsOf(plan));
    const known = made.get(name);
    if (known !== undefined) return known;
    const elsewhere = plan.sources?.[name];
    if (elsewhere !== undefined) return sourceOf(elsewhere);
    const step = plan.steps[name];
    if (step === undefined) throw invalid(`${asker} names the step ${name}, and there is none`);
    if (visiting.has(name)) throw invalid(`the steps ${[...visiting, name].join(", ")} go in a circle`);
    visiting.add(name);
    const result = chain(name, step);
    visiting.delete(name);
    made.set(name, result);
    return result;
  };
  const visiting = new Set<string>();
  const chain = (name: string, step: PlanStep): Step => {
    const { files, commands } = step;
    const isAlone = step.after === undefined && step.root === undefined && step.copies === undefined;
    // Files that no command works on need nothing under them.
    if (isAlone && files !== undefined && commands.length === 0) return makeStep(filesOf(files));
    let last = step.after === undefined ? rootOf(step.root ?? []) : find(step.after, name);
    for (const copy of step.copies ?? []) last = makeStep(copyOf([copy]), [last, find(copy.from, name)]);
    if (files !== undefined) last = makeStep(filesOf(files), [last]);
    const mounted = (step.mounts ?? []).map(({ from }) => find(from, name));
    for (const command of commands)
      last = makeStep(execOf(name, step, command, options.secrets), [last, ...mounted]);
    return last;
  };
  const { deploy } = plan;
  // Each copy is a layer of its own that depends on nothing but what is copied.
  const copies = deploy.copies.map((copy) => makeStep(copyOf([copy], ROOT), [find(copy.from, "deploy")]));
  const file = initOf(plan)?.file;
  const first = file === undefined ? [] : [makeStep(copyOf([file.copy], ROOT), [rootOf([file.root])])];
  // A program that needs nothing under it has no root.
  const root = deploy.root.length === 0 ? [] : [rootOf(rootsOf(plan))];
  return makeStep({ kind: "merge" }, [...root, ...first, ...copies]);
}

/** Every reference that a plan needs, each once. */
export function referencesOf(plan: Plan): readonly string[] {
  const steps = Object.values(plan.steps).flatMap(({ root = [] }) => root);
  const init = initOf(plan)?.file?.root ?? [];
  return [...new Set([...steps, ...rootsOf(plan), init].flat())];
}

function copyOf(
  copies: readonly Omit<PlanCopy, "from">[],
  belonging: Pick<PathCopy, "owner" | "modes"> = {},
): { readonly kind: "copy"; readonly copies: readonly PathCopy[] } {
  return {
    kind: "copy",
    copies: copies.map(({ source, target, include, exclude }) => ({
      source,
      target,
      include,
      exclude,
      ...belonging,
    })),
  };
}

function sourceOf(source: PlanSource): Step {
  if ("git" in source) {
    const { git: url, commit, directory } = source;
    return makeStep({ kind: "git", url, commit, directory });
  }
  const { http: url, sha256, path, mode } = source;
  return makeStep({ kind: "http", url, digest: parseDigest(`sha256:${sha256}`), path, mode });
}

function filesOf(files: NonNullable<PlanStep["files"]>): FileOperation {
  return {
    kind: "file",
    files: files.map(({ path, text, mode = "644" }) => ({
      kind: "file",
      path,
      text,
      mode: Number.parseInt(mode, 8),
    })),
  };
}

function execOf(
  name: string,
  step: PlanStep,
  command: string | readonly string[],
  given: readonly string[],
): ExecOperation {
  const line = typeof command === "string" ? command : command.join(" ");
  return {
    kind: "exec",
    command: typeof command === "string" ? ["/bin/sh", "-euc", command] : command,
    label: `${name}: ${inShort(line)}`,
    environment: { PATH: DEFAULT_PATH, HOME: "/root", ...step.environment },
    directory: step.directory ?? DEFAULT_DIRECTORY,
    network: step.network,
    configuration: step.configuration,
    mounts: mountsOf(step, given),
    limits: step.limits,
  };
}

/** Where an agent's socket is in a step. */
const AGENT_SOCKET = "/run/cooper/ssh-agent";

function mountsOf(step: PlanStep, given: readonly string[]): readonly ExecMount[] {
  const secrets = (step.secrets ?? []).filter((secret) => given.includes(secret));
  return [
    ...(step.mounts ?? []).map(({ source, target }, place) => ({
      kind: "input" as const,
      input: place + 1,
      path: source,
      target,
    })),
    ...(step.caches ?? []).map((cache) => ({ kind: "cache" as const, ...cache })),
    ...secrets.map((id) => ({
      kind: "secret" as const,
      id,
      target: id,
      as: "variable" as const,
      need: "required" as const,
    })),
    ...Object.entries(step.secretFiles ?? {}).map(([id, target]) => ({
      kind: "secret" as const,
      id,
      target,
      as: "file" as const,
      need: "required" as const,
    })),
    ...(step.ssh ?? []).map((id, place) => ({
      kind: "ssh" as const,
      id,
      target: `${AGENT_SOCKET}${place === 0 ? "" : `-${place}`}`,
    })),
    ...["/tmp", ...(step.tmpfs ?? [])].map((target) => ({ kind: "tmpfs" as const, target })),
  ];
}

/** What a display has room for: the first line of a script. */
function inShort(line: string): string {
  const [first = ""] = line.trim().split("\n");
  // A script may begin with what it is about.
  if (first.startsWith("# ")) return first.slice(2);
  return first === line.trim() && first.length <= MAX_LABEL ? first : `${first.slice(0, MAX_LABEL)} …`;
}

const MAX_LABEL = 160;

const DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * An application's files are root's, so that a program that is broken into cannot change itself; and its
 * user can read them, whoever made them under whatever umask.
 */
const ROOT = { owner: { uid: 0, gid: 0 }, modes: "readable" } as const;

function invalid(what: string): BuildError {
  return new BuildError("PLAN_INVALID", `the plan cannot be run: ${what}`, {
    advice: "cooper plan prints it; docs/schemas/plan.json says what it may have.",
  });
}
