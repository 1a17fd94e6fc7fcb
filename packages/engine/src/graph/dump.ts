import type { Operation, Step } from "./operation.ts";
import { stepsOf } from "./step.ts";

/** A graph as JSON: every step once, inputs first, the last one is what is built. */
export interface GraphDump {
  readonly version: 1;
  readonly steps: readonly {
    readonly digest: string;
    readonly operation: Operation;
    readonly inputs: readonly string[];
  }[];
}

/** The graph as data that can be kept, compared and drawn. */
export function dumpGraph(last: Step): GraphDump {
  const steps = stepsOf(last).map(({ digest, operation, inputs }) => ({
    digest,
    operation: "url" in operation ? { ...operation, url: addressOf(operation.url) } : operation,
    inputs: inputs.map((input) => input.digest),
  }));
  return { version: 1, steps };
}

/**
 * The graph as a drawing of text: each step on a line, what goes into it below and further in. A step
 * that was drawn before is named by its number only.
 */
export function drawGraph(last: Step): string {
  const numbers = new Map(stepsOf(last).map(({ digest }, place) => [digest, place + 1]));
  const drawn = new Set<string>();
  const lines: string[] = [];
  const open = [{ step: last, lead: "", below: "" }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { step, lead, below } = next;
    const number = numbers.get(step.digest) ?? 0;
    const again = drawn.has(step.digest);
    lines.push(`${lead}${number} ${describe(step.operation)}${again && step.inputs.length > 0 ? " …" : ""}`);
    if (again) continue;
    drawn.add(step.digest);
    const inputs = step.inputs.map((input, place) => {
      const isLast = place === step.inputs.length - 1;
      return { step: input, lead: below + (isLast ? "└─ " : "├─ "), below: below + (isLast ? "   " : "│  ") };
    });
    open.push(...inputs.toReversed());
  }
  return lines.join("\n");
}

/** One line for people: what a step does. */
export function describe(operation: Operation): string {
  return plain(words(operation));
}

/** What is built may come from anywhere: one line, and nothing that a terminal takes for a command. */
function plain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ");
}

function words(operation: Operation): string {
  switch (operation.kind) {
    case "image":
      return `image ${operation.reference}`;
    case "local":
      return `files of ${operation.name}`;
    case "git":
      return `commit ${operation.commit.slice(0, 12)} of ${addressOf(operation.url)}`;
    case "http":
      return `file ${addressOf(operation.url)}`;
    case "exec":
      return operation.label ?? operation.command.join(" ");
    case "copy":
      return `copy ${operation.copies.map(({ source, target }) => (source === target ? source : `${source} to ${target}`)).join(", ")}`;
    case "file":
      return `write ${operation.files.map(({ path }) => path).join(", ")}`;
    case "merge":
      return "put upon each other";
  }
  return unreachable(operation);
}

/** An address without a password that may stand in it. */
export function addressOf(url: string): string {
  if (!URL.canParse(url)) return url;
  const address = new URL(url);
  address.username = "";
  address.password = "";
  return address.href;
}

function unreachable(operation: never): never {
  throw new Error(`unreachable: ${JSON.stringify(operation)}`);
}
