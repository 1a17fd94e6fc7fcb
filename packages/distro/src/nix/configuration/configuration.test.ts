import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { requireProgram, run, temporaryDirectory } from "@cooper/test";
import { readSettings, type Settings } from "./nix-conf.ts";

/** Reads the settings of a host that has these files. */
async function settings(
  t: TestContext,
  files: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>> = {},
): Promise<Settings> {
  const hostRoot = temporaryDirectory(t);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(hostRoot, path)), { recursive: true });
    writeFileSync(join(hostRoot, path), text);
  }
  return await readSettings({ hostRoot, environment: { HOME: "/home/me", ...environment } });
}

test("the system's settings are overridden by the user's, and those by NIX_CONFIG", async (t) => {
  const files = {
    "etc/nix/nix.conf": "# caches\nsubstituters = file:///a   file:///b # two\nmax-jobs = 4\n",
    "home/me/.config/nix/nix.conf": "extra-substituters = file:///c\n",
  };
  const found = await settings(t, files);
  assert.deepEqual(found.get("substituters"), ["file:///a", "file:///b", "file:///c"]);
  assert.deepEqual(found.get("max-jobs"), ["4"]);
  const overridden = await settings(t, files, {
    NIX_CONFIG: "substituters =\nextra-substituters = file:///d",
  });
  assert.deepEqual(overridden.get("substituters"), ["file:///d"]);
});

test("files include others, from where they lie", async (t) => {
  const found = await settings(t, {
    "etc/nix/nix.conf": "include caches.conf\n!include missing.conf\n",
    "etc/nix/caches.conf": "binary-caches = file:///a\nextra-binary-cache-public-keys = k:x\n",
  });
  assert.deepEqual(found.get("substituters"), ["file:///a"]);
  assert.deepEqual(found.get("trusted-public-keys"), ["k:x"]);
});

test("what cannot be read is named with its line", async (t) => {
  await assert.rejects(settings(t, { "etc/nix/nix.conf": "\nsubstituters file:///a\n" }), {
    code: "REPOSITORY_INVALID",
    message: /nix\.conf, line 2/,
  });
  await assert.rejects(settings(t, { "etc/nix/nix.conf": "include nix.conf\n" }), { message: /without end/ });
  await assert.rejects(settings(t, { "etc/nix/nix.conf": "include missing\n" }), { code: "FILE_MISSING" });
});

test("the files are those that Nix reads, in its order", async (t) => {
  const nix = requireProgram(t, "nix", "nix-bin");
  if (nix === undefined) return;
  const directory = temporaryDirectory(t);
  const write = (path: string, text: string): string => {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), `${text}\n`);
    return join(directory, path);
  };
  write("system/nix.conf", "substituters = file:///a\nconnect-timeout = 1");
  const users = [
    write("one.conf", "connect-timeout = 2\nextra-substituters = file:///one"),
    write("two.conf", "connect-timeout = 3\nextra-substituters = file:///two"),
  ].join(":");
  const environment = {
    NIX_CONF_DIR: join(directory, "system"),
    NIX_USER_CONF_FILES: users,
    NIX_CONFIG: "experimental-features = nix-command\nextra-substituters = file:///last",
    NIX_REMOTE: "dummy://",
  };
  const { stdout } = await run(nix, ["show-config", "--json"], { env: environment });
  const theirs: Readonly<Record<string, { readonly value: unknown }>> = JSON.parse(stdout);
  const ours = await readSettings({ hostRoot: "/", environment });
  assert.deepEqual(ours.get("substituters"), theirs["substituters"]?.value);
  assert.equal(Number(ours.get("connect-timeout")?.[0]), theirs["connect-timeout"]?.value);
});
