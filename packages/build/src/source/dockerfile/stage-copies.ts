import { BuildError } from "../../errors.ts";
import type { PlanCopy } from "../plan/plan.ts";
import { copy, run, SHELL } from "./instruction.ts";

/** A stage between two, with what is copied out of the first. */
export interface Selection {
  readonly name: string;
  readonly lines: readonly string[];
}

/**
 * A copy out of a stage. Where patterns choose what, a stage in between takes away what is not wanted:
 * COPY itself cannot. `CONFIGURATION_UNSUPPORTED` for patterns that no line of the shell says.
 */
export function copyOfStage(
  { source, target, include, exclude }: PlanCopy,
  stage: string,
  selectionName: string,
): { readonly line: string; readonly selection: Selection | undefined } {
  if (include === undefined && exclude === undefined) {
    return { line: copy([source], `/${target}`, stage), selection: undefined };
  }
  const kept = include === undefined ? [] : [`mkdir /selection; cd ${source}`, ...include.map(keeping)];
  const place = include === undefined ? source : "/selection";
  const removed = (exclude ?? []).map((pattern) => removal(place, pattern));
  const lines = [
    `FROM ${stage} AS ${selectionName}`,
    `SHELL ${JSON.stringify(SHELL)}`,
    run([], [...kept, ...removed].join("; ")),
  ];
  return { line: copy([place], `/${target}`, selectionName), selection: { name: selectionName, lines } };
}

/** Without what only the shell would understand. */
const PLAIN = /^[\w./@+*?-]+$/;

function globOf(pattern: string): string {
  if (!PLAIN.test(pattern) || pattern.includes("**")) throw unsupported(pattern);
  return pattern;
}

/** Into the selection, under the directories that it lies in. */
function keeping(pattern: string): string {
  const [, anywhere] = /^\*\*\/([^/]+)$/.exec(pattern) ?? [];
  if (anywhere === undefined) return `cp -a --parents ${globOf(pattern)} /selection`;
  return `find . -name '${globOf(anywhere)}' -prune -exec cp -a --parents -t /selection '{}' +`;
}

function removal(place: string, pattern: string): string {
  const [, anywhere] = /^\*\*\/(.+)$/.exec(pattern) ?? [];
  if (anywhere === undefined) return `rm -rf ${place}/${globOf(pattern)}`;
  const test = anywhere.includes("/") ? `-path '*/${globOf(anywhere)}'` : `-name '${globOf(anywhere)}'`;
  return `find ${place} ${test} -prune -exec rm -rf '{}' +`;
}

function unsupported(pattern: string): BuildError {
  return new BuildError(
    "CONFIGURATION_UNSUPPORTED",
    `no Dockerfile says what the pattern ${pattern} chooses of a step`,
    {
      advice: "Write it without ** in the middle, ! and brackets.",
      fields: { pattern },
    },
  );
}
