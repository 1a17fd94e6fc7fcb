import { availableParallelism } from "node:os";
import type { Cancellable } from "@cooper/archive";
import type { HostFact } from "./fact.ts";
import { kernelQuestions } from "./kernel.ts";
import { programQuestions } from "./programs.ts";

/** What this host can do, found out by trying. Changes nothing; never throws for what is missing. */
export async function hostFacts(options: Cancellable = {}): Promise<readonly HostFact[]> {
  return await Promise.all(
    [node, ...kernelQuestions, ...programQuestions].map(async (question) => await question(options)),
  );
}

function node(): HostFact {
  const major = Number(process.versions.node.split(".")[0]);
  return {
    name: "node",
    purpose: "runs Cooper",
    needed: true,
    packages: [],
    state: major >= 24 ? "works" : "missing",
    found: `${process.versions.node} on ${process.platform}/${process.arch}, ${availableParallelism()} processors`,
    ...(major >= 24 ? {} : { advice: "Node 24 or later is needed." }),
  };
}
