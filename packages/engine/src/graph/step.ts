import { type Digest, digestBytes, isDigest } from "@cooper/oci";
import { EngineError } from "../errors.ts";
import { canonicalJson } from "./canonical.ts";
import type { Operation, Step } from "./operation.ts";

/** How many inputs each kind of operation takes. */
const INPUTS: Readonly<Record<Operation["kind"], readonly [number, number]>> = {
  image: [0, 0],
  local: [0, 0],
  git: [0, 0],
  http: [0, 0],
  exec: [1, Infinity],
  copy: [1, 2],
  file: [0, 1],
  merge: [1, Infinity],
};

/** A step of a build graph. Its digest is that of what it does and of its inputs. `GRAPH_INVALID` */
export function makeStep(operation: Operation, inputs: readonly Step[] = []): Step {
  const [least, most] = INPUTS[operation.kind];
  if (inputs.length < least || inputs.length > most) {
    throw new EngineError(
      "GRAPH_INVALID",
      `a step of kind ${operation.kind} cannot have ${inputs.length} inputs`,
    );
  }
  requireNamedContent(operation);
  const definition = canonicalJson({
    operation: definitionOf(operation),
    inputs: inputs.map(({ digest }) => digest),
  });
  return { digest: digestBytes(Buffer.from(definition)), operation, inputs };
}

/** What comes from elsewhere must be named by its content, or its key would stand for whatever came. */
function requireNamedContent(operation: Operation): void {
  const isNamed =
    operation.kind === "git"
      ? /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(operation.commit) && !operation.url.startsWith("-")
      : operation.kind !== "http" || (isDigest(operation.digest) && URL.canParse(operation.url));
  if (isNamed) return;
  throw new EngineError(
    "GRAPH_INVALID",
    operation.kind === "git"
      ? `${JSON.stringify(operation.commit)} of ${operation.url} is not a whole commit id`
      : "a file of the web needs an address and a digest",
    { advice: "Of git all 40 or 64 hexadecimal digits of a commit, of a file sha256: and 64 digits." },
  );
}

/** What of a commit is a file of it; 2: of submodules and of git-lfs, too. Another one gives other layers. */
const COMMIT_FILES_VERSION = 2;

/**
 * What of an operation decides about its result: not how it is shown, not its limits, not which cache
 * it uses, not whether the host's configuration is there. Two steps that differ in nothing else are one.
 */
export function definitionOf(operation: Operation): unknown {
  if (operation.kind === "git") {
    const { url: _url, ...rest } = operation;
    return { ...rest, files: COMMIT_FILES_VERSION };
  }
  if (operation.kind === "http") {
    const { url: _url, ...rest } = operation;
    return rest;
  }
  if (operation.kind !== "exec") return operation;
  const { label: _label, limits: _limits, configuration: _configuration, mounts = [], ...rest } = operation;
  return {
    ...rest,
    mounts: mounts.map((mount) =>
      mount.kind === "cache" || mount.kind === "tmpfs" ? { kind: mount.kind, target: mount.target } : mount,
    ),
  };
}

/** Every step once, inputs before what they go into. */
export function stepsOf(last: Step): readonly Step[] {
  const seen = new Map<Digest, Step>();
  // A stack and no recursion: a graph may be as deep as it is long.
  const open: { readonly step: Step; next: number }[] = [{ step: last, next: 0 }];
  for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
    const input = top.step.inputs[top.next++];
    if (input === undefined) {
      if (!seen.has(top.step.digest)) seen.set(top.step.digest, top.step);
      open.pop();
    } else if (!seen.has(input.digest)) open.push({ step: input, next: 0 });
  }
  return [...seen.values()];
}
