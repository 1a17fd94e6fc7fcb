import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { parseSettings } from "../packages/registry/src/serve/settings/file.ts";
import { parseRules } from "../packages/registry/src/auth/rules.ts";
import { readSettings } from "../packages/registry/src/serve/settings/sources.ts";
import { parseAllDocuments } from "yaml";
import { requireProgram, run } from "@cooper/test";

const docs = join(import.meta.dirname, "../docs/serve");

test("the example of a config file is one, and its rules mean what they say", () => {
  const file = join(docs, "serve.yaml");
  const { settings } = readSettings({ flags: {}, environment: {}, file, defaults: { data: "" } });
  const allows = parseRules({ rules: settings.authRules, groups: settings.authGroups });
  assert.ok(allows(undefined, { action: "pull", repository: "public/a" }));
  assert.ok(!allows(undefined, { action: "pull", repository: "apps/a" }));
  assert.ok(allows("builder", { action: "make", repository: "apt/curl" }));
  assert.ok(!allows("carl", { action: "push", repository: "apps/a" }));
});

test("the Kubernetes manifest is YAML, and the settings in it are settings", () => {
  const documents = parseAllDocuments(readFileSync(join(docs, "kubernetes.yaml"), "utf8"));
  assert.deepEqual(
    documents.flatMap((document) => document.errors),
    [],
  );
  const values: { kind: string; data?: Record<string, string> }[] = documents.map((document) =>
    document.toJS(),
  );
  assert.deepEqual(
    values.map(({ kind }) => kind),
    ["ConfigMap", "PersistentVolumeClaim", "Deployment", "Service"],
  );
  assert.equal(parseSettings(values[0]?.data?.["serve.yaml"] ?? "", "serve.yaml")["data"], "/data");
});

test("systemd takes the unit", async (t) => {
  const systemd = requireProgram(t, "systemd-analyze", "systemd");
  if (systemd === undefined) return;
  const unit = join(docs, "cooper-serve.service");
  const { stderr } = await run(systemd, ["verify", "--man=no", unit], { status: "any" });
  const complaints = stderr.split("\n").filter((line) => line.includes("cooper-serve.service:"));
  assert.deepEqual(
    complaints.filter((line) => !/not executable|No such file/.test(line)),
    [],
  );
});
