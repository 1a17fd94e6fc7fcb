import type { Provider } from "../provider.ts";
import { node } from "./node/node.ts";
import { procfile } from "./procfile/procfile.ts";
import { python } from "./python/python.ts";
import { staticSite } from "./static/static.ts";

/** In the order in which they are asked; the first one that matches makes the plan. */
export const PROVIDERS: readonly Provider[] = [python, node, staticSite, procfile];
