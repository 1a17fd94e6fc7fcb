import assert from "node:assert/strict";
import { test } from "node:test";
import { visitorOf } from "../conformance/visitor.test.ts";
import { startService } from "./service.fixture.ts";
import { readSettings } from "./settings/sources.ts";
import type { ServeSettings } from "./settings/schema.ts";

test("the service makes what is pulled, logs and counts it, and invites to try", async (t) => {
  const service = await startService(t, { make: "random;zstd" });
  const visitor = visitorOf(t, service.url);
  assert.equal((await visitor.ask("GET", "/v2/random/x/manifests/1x1k")).status, 200);
  assert.equal((await visitor.ask("GET", "/v2/random/x/manifests/wrong")).status, 404);
  assert.equal((await visitor.ask("GET", "/v2/flatten/a/manifests/1")).status, 404);
  const metrics = (await visitor.ask("GET", "/metrics")).body.toString();
  assert.match(metrics, /^cooper_registry_builds_total\{outcome="done"\} 1$/m);
  assert.match(metrics, /^cooper_registry_builds_total\{outcome="failed"\} 1$/m);
  assert.match(metrics, /^cooper_registry_builds_running 0$/m);
  const messages = service.lines.map(({ message }) => String(message));
  assert.ok(messages.includes("Build of random/x:1x1k: done"), messages.join("\n"));
  const host = service.url.replace("http://", "");
  assert.ok(messages.some((text) => text.includes(`docker pull ${host}/zstd/flatten/docker.io/`)));
  assert.match((await visitor.ask("GET", "/")).body.toString(), /<h1>/);
});

test("it makes nothing where it is told so, or is read-only", async (t) => {
  for (const flags of [{ make: "none" }, { mode: "read-only" }]) {
    // oxlint-disable-next-line no-await-in-loop
    const service = await startService(t, flags);
    const visitor = visitorOf(t, service.url);
    // oxlint-disable-next-line no-await-in-loop
    assert.equal((await visitor.ask("GET", "/v2/random/x/manifests/1x1k")).status, 404);
    // oxlint-disable-next-line no-await-in-loop
    assert.equal((await visitor.ask("GET", "/")).status, 404);
  }
});

function settingsOf(flags: Readonly<Record<string, string>>): ServeSettings {
  return readSettings({ flags, environment: {}, file: undefined, defaults: { data: "d" } }).settings;
}

test("upstreams, platforms and root names are read as they are written", () => {
  const { upstreams, makePlatforms, rootNames } = settingsOf({
    upstreams: "127.0.0.1:5000 insecure;ghcr.io credentials; *.example.org private;*",
    makePlatforms: "linux/arm64;linux/arm/v7",
    rootNames: "mirror:docker.io",
  });
  assert.deepEqual(upstreams, [
    { host: "127.0.0.1:5000", insecure: true },
    { host: "ghcr.io", credentials: "docker" },
    { host: "*.example.org", addresses: "any" },
    { host: "*" },
  ]);
  assert.deepEqual(makePlatforms, [
    { os: "linux", architecture: "arm64" },
    { os: "linux", architecture: "arm", variant: "v7" },
  ]);
  assert.deepEqual(rootNames, { mirror: "docker.io" });
  assert.deepEqual(settingsOf({ rootNames: "nix" }).rootNames, { maker: "nix" });
  for (const [flags, message] of [
    [
      { make: "apt;ko" },
      /--make is "apt;ko": there is apt, apk, nix, npm, flatten, zstd, mirror, random, and none/,
    ],
    [{ upstreams: "a b c" }, /"b" is none of credentials, insecure, private, public/],
    [{ upstreams: "http://a" }, /is no host/],
    [{ makePlatforms: "a/b/c/d" }, /--make-platforms/],
    [{ rootNames: "mirror:" }, /neither nix nor mirror:HOST/],
  ] as const) {
    assert.throws(() => settingsOf(flags), message);
  }
});
