import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { collect, writeTar } from "@cooper/archive";
import { extract, type Image, validate, viewRoot } from "@cooper/oci";
import { nixWorld, requireProgram, run, temporaryDirectory } from "@cooper/test";
import type { Context } from "../ecosystem/context.ts";
import type { Solution } from "../ecosystem/solution.ts";
import { imageOfPackages } from "../image/package-image.ts";
import { bench, codeOf, serve } from "./bench.fixture.ts";
import { nix } from "./nix.ts";

const HERE = { os: "linux", architecture: process.arch === "arm64" ? "arm64" : "amd64" };
const ALWAYS = ["cacert", "iana-etc"];
const SHELL = ["bashInteractive", "coreutils", "moreutils", "nano"];

async function solved(context: Context, rest: string): Promise<Solution> {
  return await nix.solve(nix.parse(rest), HERE, context);
}

function imageOf(solution: Solution, context: Context): Image {
  const content = imageOfPackages([solution], context);
  assert.ok(content.kind === "image");
  return content;
}

async function textIn(image: Image, path: string): Promise<string> {
  return (await collect((await viewRoot(image)).open(path), { limit: 2 ** 20 })).toString();
}

test("an image has the store paths as they are, and the programs that were asked for in /bin", async (t) => {
  const world = await nixWorld(t);
  if (world === undefined) return;
  const cache = await world.cache({}, "hello", ...SHELL, ...ALWAYS);
  const { context, warnings } = await bench(t, world, { repositories: [cache] });
  const image = imageOf(await solved(context, "shell/hello"), context);
  assert.deepEqual(await validate(image), []);
  const root = await viewRoot(image);
  const [hello = ""] = await world.build("hello");
  assert.equal(root.find("/bin/hello", "keep").linkPath, `${hello}/bin/hello`);
  assert.deepEqual(
    [root.find("/bin/hello", "follow").mode, root.find("/bin/hello", "follow").mtime.seconds],
    [0o555, 1],
  );
  assert.equal(root.find("/tmp", "keep").mode, 0o1777);
  assert.equal(root.find("/usr/bin/env", "keep").linkPath, "/bin/env");
  assert.equal(await textIn(image, "/etc/ssl/certs/ca-certificates.crt"), "bundle\n");
  assert.equal(await textIn(image, "/etc/services"), "http\n");
  const { config } = await image.config();
  assert.deepEqual(config?.Env, ["PATH=/bin", "SSL_CERT_FILE=/etc/ssl/certs/ca-bundle.crt"]);
  assert.deepEqual(config?.Cmd, ["bash"]);
  assert.deepEqual(warnings(), [
    "coreutils and moreutils both have /bin/echo: those of coreutils, which was asked for first, are taken",
  ]);
});

test("what a container of the image sees is the store that Nix made, file for file", async (t) => {
  const world = await nixWorld(t);
  if (world === undefined) return;
  const cache = await world.cache({ compression: "zstd" }, "hello", ...ALWAYS);
  const { context } = await bench(t, world, { repositories: [cache] });
  const solution = await solved(context, "hello");
  const assembly = await nix.assemble(solution, context);
  for (const content of assembly.packages) {
    const directory = temporaryDirectory(t);
    const tar = writeTar(content.members({}));
    // oxlint-disable-next-line no-await-in-loop
    await run("tar", ["-x", "-C", directory], { input: await collect(tar, { limit: 2 ** 24 }) });
    const place = join(directory, String(content.package.details?.["storePath"]));
    // oxlint-disable-next-line no-await-in-loop
    const { stdout } = await run("nix-hash", ["--type", "sha256", place]);
    assert.equal(`sha256:${stdout.trim()}`, content.package.checksum);
  }
});

test("a program of the image runs, through its links, and finds what it refers to", async (t) => {
  const world = await nixWorld(t);
  const runc = requireProgram(t, "runc");
  if (world === undefined || runc === undefined) return;
  const cache = await world.cache({}, "hello", ...SHELL, ...ALWAYS);
  const { context } = await bench(t, world, { repositories: [cache] });
  const image = imageOf(await solved(context, "shell/hello"), context);
  const rootfs = await unpacked(t, image);
  const script =
    "hello; /usr/bin/env echo from-env; cat $SSL_CERT_FILE; id -un; nano; touch /tmp/x && echo wrote";
  assert.equal(
    await inContainer(t, runc, rootfs, ["bash", "-c", script], (await image.config()).config?.Env ?? []),
    "hello from the store\nfrom-env\nbundle\nroot\nnano\nwrote\n",
  );
});

test("the Nix in an image would know what is in it: it takes the registration, and all paths verify", async (t) => {
  const world = await nixWorld(t);
  if (world === undefined) return;
  const cache = await world.cache({}, "hello", ...ALWAYS);
  const { context } = await bench(t, world, { repositories: [cache] });
  const image = imageOf(await solved(context, "hello"), context);
  const rootfs = await unpacked(t, image);
  const environment = { ...world.environment, NIX_REMOTE: rootfs };
  await run("nix-store", ["--load-db"], {
    env: environment,
    input: readFileSync(join(rootfs, "nix-path-registration")),
  });
  const { stdout, stderr } = await run("nix-store", ["--verify", "--check-contents"], { env: environment });
  assert.doesNotMatch(stdout + stderr, /modified|missing|disappeared/);
  const [hello = ""] = await world.build("hello");
  const requisites = await run("nix-store", ["--query", "--requisites", hello], { env: environment });
  assert.equal(requisites.stdout.trim().split("\n").length, 3);
});

test("the same packages give the same image from any cache, in any compression, and with any fresh cache", async (t) => {
  const world = await nixWorld(t);
  if (world === undefined) return;
  const digests: string[] = [];
  for (const compression of ["xz", "zstd", "bzip2", "gzip", "none"] as const) {
    // oxlint-disable-next-line no-await-in-loop
    const cache = await world.cache({ compression }, "hello", ...ALWAYS);
    // oxlint-disable-next-line no-await-in-loop
    const { context } = await bench(t, world, { repositories: [cache] });
    // oxlint-disable-next-line no-await-in-loop
    const image = imageOf(await solved(context, "hello"), context);
    // oxlint-disable-next-line no-await-in-loop
    digests.push(await image.digest());
  }
  assert.equal(new Set(digests).size, 1);
});

test("a lock is enough: with the archives in another compression elsewhere, or offline once they are here", async (t) => {
  const world = await nixWorld(t);
  if (world === undefined) return;
  const before = await world.cache({ compression: "xz" }, "hello", ...ALWAYS);
  const moved = await world.cache({ compression: "zstd" }, "hello", ...ALWAYS);
  const first = await bench(t, world, { repositories: [before] });
  const locked: Solution = JSON.parse(JSON.stringify(await solved(first.context, "hello")));
  const digest = await imageOf(locked, first.context).digest();

  const { address, asked } = await serve(t, moved);
  const directory = join(temporaryDirectory(t), "cache");
  const second = await bench(t, world, { repositories: [address], cache: { directory } });
  assert.equal(await imageOf(locked, second.context).digest(), digest);
  const count = asked.length;
  const third = await bench(t, world, { repositories: [address], cache: { directory }, network: "offline" });
  assert.equal(await imageOf(locked, third.context).digest(), digest);
  assert.equal(asked.length, count);
  const empty = await bench(t, world, { repositories: [address], network: "offline" });
  assert.match(await codeOf(imageOf(locked, empty.context).digest()), /^OFFLINE/);
});

test("an archive whose own hash nobody tells is taken by what it decompresses to", async (t) => {
  const world = await nixWorld(t);
  if (world === undefined) return;
  const cache = await world.cache({}, "hello", ...ALWAYS);
  const { address } = await serve(t, cache, (path, body) =>
    path.endsWith(".narinfo") && body !== undefined
      ? Buffer.from(body.toString().replace(/^File(?:Hash|Size):.*\n/gmu, ""))
      : body,
  );
  const { context } = await bench(t, world, { repositories: [address] });
  const solution = await solved(context, "hello");
  assert.equal(solution.packages[0]?.size, solution.packages[0]?.installedSize);
  assert.deepEqual(await validate(imageOf(solution, context)), []);
});

test("a package's layer is the same whatever else is in the image", async (t) => {
  const world = await nixWorld(t);
  if (world === undefined) return;
  const cache = await world.cache({}, "hello", "xorg.xev", ...ALWAYS);
  const { context } = await bench(t, world, { repositories: [cache] });
  const layersOf = async (rest: string): Promise<readonly string[]> => {
    const layers = await imageOf(await solved(context, rest), context).layers();
    return await Promise.all(layers.map(async (layer) => await layer.diffId()));
  };
  const [one, two] = [await layersOf("hello"), await layersOf("xorg.xev/hello")];
  assert.deepEqual(
    one.slice(0, -1).filter((diffId) => !two.includes(diffId)),
    [],
  );
});

/** The image's files on the disk. */
async function unpacked(t: TestContext, image: Image): Promise<string> {
  const rootfs = join(temporaryDirectory(t), "rootfs");
  mkdirSync(rootfs);
  await run("tar", ["-x", "-C", rootfs], { input: await collect(extract(image), { limit: 2 ** 28 }) });
  return rootfs;
}

/** What a program prints that runc runs in these files. */
async function inContainer(
  t: TestContext,
  runc: string,
  rootfs: string,
  args: readonly string[],
  env: readonly string[],
): Promise<string> {
  const bundle = temporaryDirectory(t);
  await run(runc, ["spec", "--bundle", bundle]);
  const file = join(bundle, "config.json");
  const spec = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(
    file,
    JSON.stringify({
      ...spec,
      root: { path: rootfs },
      process: { ...spec.process, terminal: false, args, env },
    }),
  );
  const { stdout } = await run(runc, ["run", "--bundle", bundle, `cooper-nix-${process.pid}`]);
  return stdout;
}
