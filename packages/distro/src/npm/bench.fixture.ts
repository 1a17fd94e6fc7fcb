import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { parsePlatform } from "@cooper/oci";
import { temporaryDirectory } from "@cooper/test";
import type { DistroEvent } from "../ecosystem/event.ts";
import type { Ecosystem } from "../ecosystem/ecosystem.ts";
import { type ContextOptions, openContext, type OpenContext } from "../ecosystem/open-context.ts";
import type { Solution } from "../ecosystem/solution.ts";
import { base } from "./base.fixture.ts";
import { npmOn } from "./npm.ts";
import { file, type Published, startRegistry, type TestRegistry } from "./registry.fixture.ts";

export interface Bench {
  readonly registry: TestRegistry;
  readonly npm: Ecosystem;
  readonly context: OpenContext;
  readonly events: DistroEvent[];
  solve(rest: string, platform?: string): Promise<Solution>;
}

/** A registry with some Nodes and these packages, a home whose npmrc names it, and an empty cache. */
export async function openBench(t: TestContext, ...packages: readonly Published[]): Promise<Bench> {
  const registry = await startRegistry(t);
  await registry.publish(...NODES, ...packages);
  const home = temporaryDirectory(t);
  writeFileSync(join(home, ".npmrc"), `registry=${registry.address}\n`);
  const events: DistroEvent[] = [];
  const context = await openTestContext(t, home, { onEvent: (event) => events.push(event) });
  const npm = npmOn(base);
  return {
    registry,
    npm,
    context,
    events,
    solve: async (rest, platform = "linux/amd64") =>
      await npm.solve(npm.parse(rest), parsePlatform(platform), context),
  };
}

/** A context whose npm knows nothing but what is in `home`. */
export async function openTestContext(
  t: TestContext,
  home: string,
  options: ContextOptions = {},
): Promise<OpenContext> {
  const environment = {
    PATH: process.env["PATH"],
    HOME: home,
    npm_config_cache: join(home, "npm-cache"),
    npm_config_userconfig: join(home, ".npmrc"),
    npm_config_globalconfig: join(home, "global-npmrc"),
    npm_config_fetch_retries: "0",
  };
  const context = await openContext({ environment, cache: { directory: temporaryDirectory(t) }, ...options });
  t.after(async () => await context.close());
  return context;
}

const NODES: readonly Published[] = ["x64", "arm64"].flatMap((cpu) =>
  ["22.1.0", "24.1.0", "24.2.0", "25.0.0", "26.0.0"].map((version) => ({
    name: `node-linux-${cpu}`,
    version,
    manifest: { bin: { node: "bin/node" }, os: ["linux"], cpu: [cpu], license: "MIT" },
    members: [
      file("package/LICENSE", "as is"),
      file("package/bin/node", `\x7fELF ${cpu} ${version}`, 0o755),
      file("package/include/node/node.h", "#pragma once"),
    ],
  })),
);
