import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { machineMirror, nixWorld, requireProgram, requireRoot, run, temporaryDirectory } from "@cooper/test";
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
  const cooper = cooperIn(directory, {
    COOPER_ALPINE_MIRROR: mirror.directory,
    COOPER_APK_KEYS: mirror.key,
  });
  const script = scriptOf(t, SCRIPT);
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

test("a script is built of a binary cache of Nix, runs under runc and answers", async (t) => {
  const runc = requireProgram(t, "runc");
  const tini = requireProgram(t, "tini-static", "tini");
  const world = await nixWorld(t);
  if (runc === undefined || tini === undefined || world === undefined) return;
  const names = ["bash", "busybox", "coreutils", "tini", "tzdata", "cacert", "iana-etc"];
  const cache = await world.cache({}, ...names);
  const directory = temporaryDirectory(t);
  const cooper = cooperIn(directory, {
    ...world.environment,
    COOPER_NIX_NIXPKGS: world.nixpkgs,
    NIX_CONFIG: `substituters = file://${cache}\ntrusted-public-keys = ${world.publicKey}`,
  });
  const script = scriptOf(
    t,
    SCRIPT.replace("#!/bin/sh", "#!/bin/ash").replace("exec httpd", "exec busybox httpd"),
  );
  const place = `oci:${join(directory, "image")}:script`;
  const args = ["build", script, "--packages-from", "nix", "--quiet", "-o", place];
  await run(cooper.launcher, args, { env: cooper.env });
  await askUnderRunc(cooper, { asks: [{ path: "/", answer: '{"casks":3}' }], writes: ["/tmp"] }, place);
});

/** The command with a home of its own, and what it is told of packages. */
function cooperIn(directory: string, packages: Readonly<Record<string, string>>): Cooper {
  return {
    launcher: join(HOUSE, "packages/cli/bin/cooper"),
    scratch: join(directory, "scratch"),
    env: {
      ...packages,
      COOPER_HOME: join(directory, "home"),
      COOPER_CACHE_DIR: process.env["COOPER_CACHE_DIR"] ?? join(directory, "cache"),
      NO_COLOR: "1",
    },
  };
}

function scriptOf(t: TestContext, text: string): string {
  const directory = temporaryDirectory(t);
  writeFileSync(join(directory, "start.sh"), text);
  return directory;
}
