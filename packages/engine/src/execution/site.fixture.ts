import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { collect, readTar, type TarMember } from "@cooper/archive";
import type { Image, Layer } from "@cooper/oci";
import { requireRoot, temporaryDirectory } from "@cooper/test";
import type { ExecOperation, Operation, Step } from "../graph/operation.ts";
import { makeStep } from "../graph/step.ts";
import { busyboxImage } from "./busybox.fixture.ts";
import type { BuildEvent } from "./event.ts";
import { execute } from "./execute.ts";
import type { ExecuteOptions } from "./options.ts";
import { requireRuntime } from "../runtime/runtime.fixture.ts";

export const PLATFORM = { os: "linux", architecture: "amd64" } as const;
export const EPOCH = 1_000_000_000;

/** A home, a source and a base image of busybox, to build graphs with. */
export interface Site {
  readonly home: string;
  readonly source: string;
  readonly events: BuildEvent[];
  /** Busybox. */
  readonly image: Image;
  build(last: Step, options?: Partial<ExecuteOptions>): Promise<readonly Layer[]>;
  /** What ran since the last time, by command. */
  ran(): readonly string[];
  output(): string;
  /** The paths of a layer. */
  names(layer: Layer | undefined): Promise<readonly string[]>;
}

export function site(t: TestContext): Site | undefined {
  if (!requireRoot(t) || !requireRuntime(t)) return undefined;
  const image = busyboxImage(t);
  if (image === undefined) return undefined;
  const directory = temporaryDirectory(t);
  const home = join(directory, "home");
  const source = join(directory, "source");
  mkdirSync(source);
  const events: BuildEvent[] = [];
  return {
    home,
    source,
    events,
    image,
    names: async (layer) => (await membersOf(layer)).map(({ path }) => path),
    build: async (last, options = {}) =>
      await execute(last, {
        home,
        platform: PLATFORM,
        epoch: EPOCH,
        openImage: async () => image,
        locals: { source },
        environment: {},
        onEvent: (event) => events.push(event),
        ...options,
      }),
    ran: () =>
      events
        .splice(0)
        .flatMap((event) => (event.type === "step-done" ? [scriptOf(event.step.operation)] : [])),
    output: () => events.map((event) => (event.type === "step-output" ? event.text : "")).join(""),
  };
}

function scriptOf(operation: Operation): string {
  return operation.kind === "exec" ? (operation.command.at(-1) ?? "") : operation.kind;
}

export const BASE = makeStep({ kind: "image", reference: "busybox", platform: PLATFORM, pinned: "1" });
export const SOURCE = makeStep({ kind: "local", name: "source", include: [], exclude: [] });

/** A line of busybox's shell as a step. */
export function sh(
  script: string,
  inputs: readonly Step[] = [BASE],
  more: Partial<ExecOperation> = {},
): Step {
  const command = ["/bin/sh", "-euc", script];
  return makeStep({ kind: "exec", command, environment: {}, directory: "/", ...more }, inputs);
}

/** The text of a file in a layer. */
export async function textOf(layer: Layer | undefined, path: string): Promise<string> {
  const member = (await membersOf(layer)).find((each) => each.path === path);
  assert.ok(member !== undefined, `there is no ${path}`);
  return member.text;
}

async function membersOf(
  layer: Layer | undefined,
): Promise<readonly (Pick<TarMember, "path"> & { readonly text: string })[]> {
  assert.ok(layer !== undefined, "there is no layer");
  const found: { readonly path: string; readonly text: string }[] = [];
  for await (const { path, content } of readTar(layer.tar()))
    found.push({ path, text: (await collect(content(), { limit: 1e6 })).toString() });
  return found;
}
