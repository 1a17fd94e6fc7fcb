import type { z } from "zod";
import { detectAnswer, planAnswer } from "./source.ts";
import { doctorAnswer } from "./doctor.ts";
import { inspectAnswer } from "./inspect.ts";
import {
  digestAnswer,
  historyAnswer,
  indexListAnswer,
  lsAnswer,
  referrersAnswer,
  tagAnswer,
  validateAnswer,
} from "./read.ts";
import { cacheLsAnswer, cachePruneAnswer, cacheUsageAnswer, lockAnswer, resolveAnswer } from "./packages.ts";
import { registryGcAnswer } from "./registry.ts";
import { storeGcAnswer, storeLsAnswer, storePruneAnswer } from "./store.ts";
import { treeAnswer } from "./tree.ts";

/** What each command prints with `--json`, by the command's name. scripts/docs.ts writes docs/schemas/ from it. */
export const SCHEMAS: Readonly<Record<string, z.ZodType>> = {
  "cache du": cacheUsageAnswer,
  "cache ls": cacheLsAnswer,
  "cache prune": cachePruneAnswer,
  detect: detectAnswer,
  digest: digestAnswer,
  doctor: doctorAnswer,
  history: historyAnswer,
  "index list": indexListAnswer,
  inspect: inspectAnswer,
  lock: lockAnswer,
  ls: lsAnswer,
  plan: planAnswer,
  referrers: referrersAnswer,
  resolve: resolveAnswer,
  "registry gc": registryGcAnswer,
  "store gc": storeGcAnswer,
  "store ls": storeLsAnswer,
  "store prune": storePruneAnswer,
  tag: tagAnswer,
  tree: treeAnswer,
  validate: validateAnswer,
};
