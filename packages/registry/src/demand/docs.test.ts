import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { formatReference, referenceOfPath, registryPathOf } from "@cooper/oci";
import { SETTING_NAMES } from "../serve/settings/sources.ts";
import { aboutSetting } from "../serve/settings/sources.ts";
import { MAKERS } from "./makers/table.ts";

const page = readFileSync(join(import.meta.dirname, "../../../../docs/on-demand.md"), "utf8");

test("docs/on-demand.md spells names as they are spelt", () => {
  const pairs = [...page.matchAll(/`([a-z]+:[^`\s]+)` is\s+`([a-z]+\/[^`\s]+)`/g)];
  assert.ok(pairs.length >= 3);
  for (const [, reference = "", repository] of pairs) {
    assert.equal(registryPathOf(reference).repository, repository);
  }
  const pulled = [...page.matchAll(/docker pull 127\.0\.0\.1:5000\/([^\s:]+)(?::(\S+))?/g)];
  assert.ok(pulled.length >= 3);
  for (const [, repository = "", tag = "latest"] of pulled) {
    assert.deepEqual(registryPathOf(referenceOfPath({ repository, tag })), { repository, tag });
  }
});

test("docs/on-demand.md names every maker, and only settings that there are, with their defaults", () => {
  for (const { name } of MAKERS) assert.ok(page.includes(`\`${name}`), name);
  const names: readonly string[] = SETTING_NAMES;
  const rows = [...page.matchAll(/^\| (`[a-zA-Z]+`(?:, `[a-zA-Z]+`)*) \| ([^|]+) \| /gm)].filter(
    ([, first]) => names.includes(first?.split("`")[1] ?? ""),
  );
  assert.ok(rows.length >= 6);
  for (const [, cell = "", value = ""] of rows) {
    const settings = [...cell.matchAll(/`([a-zA-Z]+)`/g)].map(([, name]) => name ?? "");
    const defaults = value.split(", ").map((text) => text.replaceAll("`", ""));
    for (const [at, name] of settings.entries()) {
      const known = SETTING_NAMES.find((setting) => setting === name) ?? assert.fail(`no setting ${name}`);
      const [, said] = /\(default ([^)]+)\)/.exec(aboutSetting(known).description) ?? [];
      const given = defaults[at] ?? defaults[0];
      if (said !== undefined && /^[0-9*]/.test(given ?? "")) assert.equal(said, given, name);
    }
  }
  for (const [, name = ""] of page.matchAll(/`((?:\w+Time|rootNames|makePlatforms|madeBytes))(?:`|:)/g)) {
    assert.ok(names.includes(name), name);
  }
});

test("what the page shows as examples is what their makers read", () => {
  for (const { name, examples, read = referenceOfPath } of MAKERS) {
    assert.ok(examples.length > 0, name);
    for (const path of examples) assert.match(formatReference(read(path)), new RegExp(`^${name}:`));
  }
});
