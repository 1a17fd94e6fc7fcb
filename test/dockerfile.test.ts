import { cpSync, existsSync, mkdirSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import {
  type Buildah,
  configurationSecrets,
  requireBuildah,
  run,
  startDockerd,
  temporaryDirectory,
} from "@cooper/test";
import { type Cooper, HOUSE, requireCooper } from "./examples/cooper.ts";
import { askUnderRunc } from "./examples/judge.ts";
import { EXAMPLES } from "./examples/table.ts";

/** A Debian in which apt works, of the machine's own mirror: Docker Hub's is not within reach of a test. */
const DEBIAN = `apt:${[
  "apt/bash/bsdutils/debianutils/diffutils/dpkg/findutils/grep/gzip/hostname/init-system-helpers/login",
  "ncurses-base/ncurses-bin/perl-base/sed/sysvinit-utils/tar/util-linux",
  "debian-archive-keyring/ca-certificates/libstdc++6/libatomic1",
].join("/")}`;

/** What Dockerfiles for these examples stand on. */
const NODE = "24";
const BASES: readonly string[] = ["debian:bookworm-slim", `node:${NODE}-bookworm-slim`];
const BUILT = EXAMPLES.filter(({ name }) => /^(node-express|python-flask)$/.test(name));

test("Dockerfiles of the examples for Node and Python are built by BuildKit and by Buildah, and what comes of it answers", async (t) => {
  const cooper = await requireCooper(t);
  const buildah = requireBuildah(t);
  if (cooper === undefined || buildah === undefined) return;
  const engine = await startDockerd(t);
  const docker = engine === undefined ? undefined : await requireBuildKit(t);
  if (engine === undefined || docker === undefined) return;
  const base = await makeBase(t, cooper);
  const env = { ...cooper.env, DOCKER_HOST: engine.host, DOCKER_BUILDKIT: "1" };
  const places = BASES.map((name) => `docker-daemon:${name}`);
  for (const place of places) {
    // oxlint-disable-next-line no-await-in-loop -- one engine
    await run(cooper.launcher, ["copy", "--quiet", base, place], { env });
  }
  await putBase(t, cooper, buildah, base);
  for (const example of BUILT) {
    // oxlint-disable-next-line no-await-in-loop -- they share caches
    await t.test(example.name, async (each) => {
      const { dockerfile, source } = await generate(each, cooper, example.name);
      const flags = [
        "--network",
        "host",
        ...configurationSecrets(),
        "-f",
        dockerfile,
        "-t",
        `${example.name}:1`,
      ];
      await run(docker, ["build", ...flags, source], { env });
      await askUnderRunc({ ...cooper, env }, example, `docker-daemon:${example.name}:1`);

      const ignore = ["--ignorefile", `${dockerfile}.dockerignore`];
      await buildah("bud", "--pull-never", "--runtime", "runc", ...ignore, ...flags, source);
      const layout = `oci:${join(source, "../built")}:1`;
      await buildah("push", "--quiet", `${example.name}:1`, layout);
      await askUnderRunc(cooper, example, layout);
    });
  }
});

/** A client that has BuildKit: Debian's own, where another that lacks its plugin stands before it in PATH. */
async function requireBuildKit(t: TestContext): Promise<string | undefined> {
  for (const docker of ["/usr/bin/docker", "docker"]) {
    const args = ["build", "--help"];
    const env = { DOCKER_BUILDKIT: "1" };
    // oxlint-disable-next-line no-await-in-loop -- the second only where the first is none
    const said = await run(docker, args, { env, status: "any" });
    if (said.stdout.includes("--secret")) return docker;
  }
  t.skip("SKIPPED: no docker here has BuildKit: apt-get install docker.io");
  return undefined;
}

/** An example's Dockerfile, beside a copy of the example. */
async function generate(
  t: TestContext,
  { launcher, env }: Cooper,
  name: string,
): Promise<{ readonly source: string; readonly dockerfile: string }> {
  const source = join(temporaryDirectory(t), "source");
  cpSync(join(HOUSE, "examples", name), source, { recursive: true });
  const dockerfile = join(source, "Dockerfile");
  await run(launcher, ["generate", "dockerfile", source, "-o", dockerfile], { env });
  return { source, dockerfile };
}

/** An image in whose place Debian's and Node's own may stand: the machine's apt sources, Node and npm. */
async function makeBase(t: TestContext, { launcher, env }: Cooper): Promise<string> {
  const directory = temporaryDirectory(t);
  const files = join(directory, "files");
  mkdirSync(join(files, "etc/apt"), { recursive: true });
  for (const path of ["/etc/apt/sources.list", "/etc/apt/sources.list.d"])
    if (existsSync(path)) cpSync(path, join(files, path), { recursive: true });
  const tar = join(directory, "node.tar");
  await run(launcher, ["export", "--quiet", `npm:node=${NODE}/npm`, tar], { env });
  await run("tar", ["-xf", tar, "-C", directory, "usr/local/bin/node", "app/node_modules/npm"]);
  mkdirSync(join(files, "usr/local/lib/node_modules"), { recursive: true });
  mkdirSync(join(files, "usr/local/bin"));
  renameSync(join(directory, "usr/local/bin/node"), join(files, "usr/local/bin/node"));
  renameSync(join(directory, "app/node_modules/npm"), join(files, "usr/local/lib/node_modules/npm"));
  symlinkSync("../lib/node_modules/npm/bin/npm-cli.js", join(files, "usr/local/bin/npm"));
  const base = `oci:${join(directory, "base")}:1`;
  await run(launcher, ["append", DEBIAN, files, "--quiet", "-o", base], { env });
  return base;
}

/** Lets Buildah have the base under the names that Dockerfiles give. */
async function putBase(
  t: TestContext,
  { launcher, env }: Cooper,
  buildah: Buildah,
  base: string,
): Promise<void> {
  // Buildah makes a name of a layout's path, and a name has no capitals.
  const archive = `docker-archive:${join(temporaryDirectory(t), "base.tar")}`;
  await run(launcher, ["copy", "--quiet", base, archive], { env });
  const image = await buildah("pull", "--quiet", archive);
  await buildah("tag", image, ...BASES.map((name) => `docker.io/library/${name}`));
}
