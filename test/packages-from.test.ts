import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { machineMirror, requireProgram, requireRoot, run, temporaryDirectory } from "@cooper/test";
import { type Cooper, HOUSE } from "./examples/cooper.ts";
import { askUnderRunc } from "./examples/judge.ts";

const SCRIPT = `#!/bin/sh
# A page of its own, by what busybox has for that.
mkdir -p /tmp/site && echo '{"casks":3}' > /tmp/site/index.html
exec httpd -f -p "\${PORT:-8080}" -h /tmp/site
`;

test("a script and an application for Node are built of a mirror of Alpine's form, run under runc and answer", async (t) => {
  const busybox = requireProgram(t, "busybox", "busybox-static");
  const tini = requireProgram(t, "tini-static", "tini");
  const runc = requireProgram(t, "runc");
  if (!requireRoot(t) || busybox === undefined || tini === undefined || runc === undefined) return;
  const directory = temporaryDirectory(t);
  const mirror = await machineMirror(join(directory, "mirror"), { busybox, tini });
  const cooper: Cooper = {
    launcher: join(HOUSE, "packages/cli/bin/cooper"),
    scratch: join(directory, "scratch"),
    env: {
      COOPER_HOME: join(directory, "home"),
      COOPER_CACHE_DIR: process.env["COOPER_CACHE_DIR"] ?? join(directory, "cache"),
      COOPER_ALPINE_MIRROR: mirror.directory,
      COOPER_APK_KEYS: mirror.key,
      NO_COLOR: "1",
    },
  };
  const script = temporaryDirectory(t);
  writeFileSync(join(script, "start.sh"), SCRIPT);
  const layout = join(directory, "image");
  const sources = { script, node: join(HOUSE, "examples/node-express") };
  for (const [name, source] of Object.entries(sources)) {
    // oxlint-disable-next-line no-await-in-loop -- they share a cache
    await t.test(name, async () => {
      const place = `oci:${layout}:${name}`;
      const args = ["build", source, "--packages-from", "apk", "--quiet", "-o", place];
      await run(cooper.launcher, args, { env: cooper.env });
      await askUnderRunc(cooper, { asks: [{ path: "/", answer: '{"casks":3}' }], writes: ["/tmp"] }, place);
    });
  }
});
