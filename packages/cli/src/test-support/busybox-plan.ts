import { copyFileSync, mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { requireProgram, requireRoot } from "@cooper/test";
import { workshop, type Workshop } from "./cooper.ts";

/** A workshop in which `cooper build --plan plan.json source` runs lines of busybox's shell. */
export interface BuildWorkshop extends Workshop {
  /** The reference of busybox. */
  readonly base: string;
  /** Writes `plan.json`: one step of these lines over busybox, and an image of its `/out`. */
  plan(commands: readonly string[], step?: object, sources?: object): void;
}

/** Needs root, runc and Debian's busybox-static; else a loud skip, and undefined. */
export async function buildWorkshop(t: TestContext): Promise<BuildWorkshop | undefined> {
  if (!requireRoot(t) || requireProgram(t, "runc") === undefined) return undefined;
  const busybox = requireProgram(t, "busybox", "busybox-static");
  if (busybox === undefined) return undefined;
  const shop = workshop(t);
  const { directory } = shop;
  mkdirSync(join(directory, "root/bin"), { recursive: true });
  copyFileSync(busybox, join(directory, "root/bin/busybox"));
  for (const name of ["sh", "cat", "cp", "date", "ls", "mkdir", "sleep", "touch", "wc"])
    symlinkSync("busybox", join(directory, "root/bin", name));
  await shop.answer("by-hand", "root", "-o", "oci:base:1");
  mkdirSync(join(directory, "source"));
  writeFileSync(join(directory, "source/file"), "of the source\n");
  const base = `oci:${join(directory, "base")}:1`;
  return {
    ...shop,
    base,
    plan(commands, step = {}, sources = {}) {
      const plan = {
        version: 1,
        providers: ["test"],
        sources,
        steps: { made: { root: [base], commands, directory: "/", ...step } },
        deploy: {
          root: [base],
          copies: [{ from: "made", source: "/out", target: "out" }],
          command: ["/bin/cat", "/out/file"],
          init: "none", // which would be fetched
        },
      };
      writeFileSync(join(directory, "plan.json"), JSON.stringify(plan));
    },
  };
}
