import { join } from "node:path/posix";
import { packagesJoined } from "../overlay/packages.ts";
import type { Plan, PlanCopy, PlanStep } from "./plan.ts";

/**
 * One plan of several: the first one's application, and from each other what it builds. Steps of the
 * others get their provider's name before their own: `node:build`.
 *
 * A provider that builds the application's directory (a front end) hands on what it built: wherever the
 * first one takes the whole source, it takes that, and for its image any part of it. Of any other the image gets what it would run with:
 * packages, dependencies, variables; what starts the application is the first one's all the same.
 */
export function compose(first: Plan, others: readonly Plan[]): Plan {
  return others.reduce(joined, first);
}

function joined(plan: Plan, other: Plan): Plan {
  const name = other.providers[0] ?? "other";
  const steps = { ...plan.steps, ...prefixed(other.steps, name) };
  const providers = [...plan.providers, ...other.providers];
  const built = builtDirectory(other);
  if (built === undefined) {
    return { ...plan, providers, steps, deploy: withRuntime(plan, other, name) };
  }
  const from = `${name}:${built}`;
  const handedOn = (copy: PlanCopy): PlanCopy => ({
    ...copy,
    from,
    source: join(APPLICATION, copy.source),
    exclude: [...(copy.exclude ?? []), ...NOT_HANDED_ON],
  });
  const own = Object.entries(plan.steps).map(
    ([step, content]) =>
      [
        step,
        content.copies === undefined
          ? content
          : {
              ...content,
              copies: content.copies.map((copy) => (isWholeSource(copy) ? handedOn(copy) : copy)),
            },
      ] as const,
  );
  return {
    ...plan,
    providers,
    steps: { ...steps, ...Object.fromEntries(own) },
    deploy: {
      ...plan.deploy,
      // A directory of pages has what was built into it, too.
      copies: plan.deploy.copies.map((copy) => (copy.from === "source" ? handedOn(copy) : copy)),
    },
  };
}

/** Where steps have the application; its source is copied to it. */
const APPLICATION = "/app";
/** What building it needed, and nobody else does. */
const NOT_HANDED_ON = ["**/node_modules"] as const;

function isWholeSource({ from, source, include }: PlanCopy): boolean {
  return from === "source" && source === "." && include === undefined;
}

/** The step whose application's directory, or a part of it, goes into the image. */
function builtDirectory({ steps, deploy }: Plan): string | undefined {
  return deploy.copies.find(
    ({ from, source }) =>
      (source === APPLICATION || source.startsWith(`${APPLICATION}/`)) && takesWholeSource(steps[from]),
  )?.from;
}

function takesWholeSource(step: PlanStep | undefined): boolean {
  return step?.copies?.some(isWholeSource) ?? false;
}

function prefixed(steps: Plan["steps"], name: string): Plan["steps"] {
  const renamed = (step: string): string =>
    step === "source" || step === "deploy" ? step : `${name}:${step}`;
  const entries = Object.entries(steps).map(([step, { after, copies, mounts, ...rest }]) => [
    renamed(step),
    {
      ...(after === undefined ? {} : { after: renamed(after) }),
      ...rest,
      ...(copies === undefined
        ? {}
        : { copies: copies.map((copy) => ({ ...copy, from: renamed(copy.from) })) }),
      ...(mounts === undefined
        ? {}
        : { mounts: mounts.map((mount) => ({ ...mount, from: renamed(mount.from) })) }),
    },
  ]);
  return Object.fromEntries(entries);
}

function withRuntime({ deploy }: Plan, other: Plan, name: string): Plan["deploy"] {
  const brought = other.deploy.copies.filter(({ from }) => from !== "source");
  const environment = { ...other.deploy.environment, ...deploy.environment };
  const path = [deploy.environment?.["PATH"], other.deploy.environment?.["PATH"]].filter(
    (each) => each !== undefined,
  );
  if (path.length > 0) environment["PATH"] = [...new Set(path.join(":").split(":"))].join(":");
  return {
    ...deploy,
    root: packagesJoined(deploy.root, other.deploy.root),
    copies: [...brought.map((copy) => ({ ...copy, from: `${name}:${copy.from}` })), ...deploy.copies],
    environment,
  };
}
