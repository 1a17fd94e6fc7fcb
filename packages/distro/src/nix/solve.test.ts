import assert from "node:assert/strict";
import { appendFileSync, cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { nixWorld, run, temporaryDirectory } from "@cooper/test";
import { bench, codeOf, serve } from "./bench.fixture.ts";
import { nix } from "./nix.ts";

const HERE = { os: "linux", architecture: process.arch === "arm64" ? "arm64" : "amd64" };
const ALWAYS = ["cacert", "iana-etc"];

test("an attribute's closure is what Nix says it is, with its hashes and sizes", async (t) => {
  const world = await nixWorld(t);
  if (world === undefined) return;
  const cache = await world.cache({}, "hello", ...ALWAYS);
  const { context, events } = await bench(t, world, { repositories: [cache] });
  const solution = await nix.solve(nix.parse("hello"), HERE, context);

  const [hello = ""] = await world.build("hello");
  const others = await world.build(...ALWAYS);
  const { stdout } = await run("nix", ["path-info", "--json", "--recursive", hello, ...others], {
    env: world.environment,
  });
  const infos: readonly { path: string; narHash: string; narSize: number }[] = JSON.parse(stdout);
  const known = infos.map(({ path, narHash, narSize }) => [path, narHash, narSize]);
  const found = solution.packages.map(({ details, checksum, installedSize }) => {
    const base64 = Buffer.from(checksum.slice("sha256:".length), "hex").toString("base64");
    return [details?.["storePath"], `sha256-${base64}`, installedSize];
  });
  assert.deepEqual(found.toSorted(), known.toSorted());

  const at = (name: string): number => solution.packages.findIndex((one) => one.name === name);
  assert.ok(at("greeting") < at("hello") && at("busybox") < at("hello"), "what is needed comes first");
  const { reason, license, origin, version, description } = solution.packages[at("hello")] ?? {};
  assert.deepEqual(
    [reason, license, origin, version, description],
    ["asked for", "GPL-3.0-or-later", "hello", "2.12", "Greets"],
  );
  assert.equal(solution.packages[at("greeting")]?.reason, "needed by hello-2.12");
  assert.equal(solution.packages[at("nss-cacert")]?.reason, "always added");
  assert.deepEqual(solution.repositories[1], { path: "nix/store", index: "", signedBy: ["test-1"] });
  assert.equal(JSON.stringify(solution).includes(cache), false, "a lock does not say where a cache is");
  assert.ok(events.some((event) => event.type === "solved" && event.packages === solution.packages.length));
});

test("the same request gives the same solution over HTTP and from a directory, twice", async (t) => {
  const world = await nixWorld(t);
  if (world === undefined) return;
  const cache = await world.cache({}, "hello", ...ALWAYS);
  const { address, asked } = await serve(t, cache);
  const solutions: string[] = [];
  for (const repository of [cache, `file://${cache}`, address, `${address}/`, `${address}?priority=3`]) {
    // oxlint-disable-next-line no-await-in-loop
    const { context } = await bench(t, world, { repositories: [repository] });
    // oxlint-disable-next-line no-await-in-loop
    solutions.push(JSON.stringify(await nix.solve(nix.parse("hello"), HERE, context)));
  }
  assert.equal(new Set(solutions).size, 1);
  assert.ok(!asked.some((path) => path.startsWith("/nar/")), "no package is fetched to solve");
});

test("outputs, shell and what is spelled in small letters are found", async (t) => {
  const world = await nixWorld(t);
  if (world === undefined) return;
  const shell = ["bashInteractive", "coreutils", "moreutils", "nano"];
  const all = [...shell, "hello.dev", "haskellPackages.foo", "xorg.xev", "_1password"];
  const cache = await world.cache({}, ...all, ...ALWAYS);
  const { context, warnings } = await bench(t, world, { repositories: [cache] });
  const request = nix.parse("shell/hello.dev/haskellpackages.foo/xorg.xev/1password");
  const { packages } = await nix.solve(request, HERE, context);
  const asked = packages.filter(({ reason }) => reason === "asked for").map(({ name }) => name);
  assert.deepEqual(asked.toSorted(), [
    "1password-cli",
    "bash-interactive",
    "coreutils",
    "foo",
    "hello-dev",
    "moreutils",
    "nano",
    "xev",
  ]);
  assert.deepEqual(warnings(), []);
});

test("what there is not is one error that names all of it", async (t) => {
  const world = await nixWorld(t);
  if (world === undefined) return;
  const cache = await world.cache({}, "hello");
  const { context } = await bench(t, world, { repositories: [cache] });
  const trying = async (rest: string): Promise<string> =>
    await codeOf(nix.solve(nix.parse(rest), HERE, context));
  assert.match(
    await trying("hello/nonsense/xorg.nothing"),
    /^UNSOLVABLE: nixpkgs has no nonsense, no xorg\.nothing$/,
  );
  assert.match(await trying("unfree"), /^UNSOLVABLE: nixpkgs refuses to evaluate unfree$/);
  assert.match(await trying("hello=2.11"), /^UNSOLVABLE: hello is to be 2\.11, and there is 2\.12$/);
  assert.match(
    await trying("coreutils"),
    /^NOT_FOUND: no cache has \/nix\/store\/\w{32}-(coreutils|nss-cacert|iana-etc)-[\d.]+$/,
    "whichever is asked first",
  );
  assert.match(await trying("hello:nixos-24.05"), /^REQUEST_INVALID: COOPER_NIX_NIXPKGS has no \{release\}/);
});

test("caches are asked by their priority, and one that is away or no cache is left out with a warning", async (t) => {
  const world = await nixWorld(t);
  if (world === undefined) return;
  const first = await world.cache({}, "hello", ...ALWAYS);
  const second = await world.cache({}, "hello", ...ALWAYS);
  appendFileSync(join(first, "nix-cache-info"), "Priority: 40\n");
  appendFileSync(join(second, "nix-cache-info"), "Priority: 30\n");
  const [one, two] = [await serve(t, first), await serve(t, second)];
  const { context, warnings } = await bench(t, world, {
    repositories: [one.address, "ssh://host", two.address, world.directory],
  });
  await nix.solve(nix.parse("hello"), HERE, context);
  assert.deepEqual(one.asked, ["/nix-cache-info"], "the other one has all");
  assert.match(warnings().join("\n"), /ssh:\/\/host is no cache that can be asked/);
  assert.match(warnings().join("\n"), /there is no file .*nix-cache-info/);

  const reordered = await bench(t, world, { repositories: [`${one.address}?priority=10`, two.address] });
  const before = two.asked.length;
  await nix.solve(nix.parse("hello"), HERE, reordered.context);
  assert.equal(two.asked.length, before + 1, "the address has the last word");
  const none = await bench(t, world, { repositories: ["ssh://host"] });
  assert.match(await codeOf(nix.solve(nix.parse("hello"), HERE, none.context)), /^REPOSITORY_INVALID/);
});

test("a path comes from the next cache where the first has it not, or has it without a signature", async (t) => {
  const world = await nixWorld(t);
  if (world === undefined) return;
  const part = await world.cache({}, "coreutils");
  const unsigned = await world.cache({ signed: "unsigned" }, "hello");
  const whole = await world.cache({}, "hello", "coreutils", ...ALWAYS);
  const { context, warnings } = await bench(t, world, {
    repositories: [`${part}?priority=1`, `${unsigned}?priority=2`, `${whole}?priority=3`],
  });
  const { packages, repositories } = await nix.solve(nix.parse("hello/coreutils"), HERE, context);
  const from = Object.fromEntries(packages.map(({ name, repository }) => [name, repository]));
  assert.equal(from["coreutils"], 1);
  assert.equal(from["busybox"], 1);
  assert.equal(from["hello"], 2);
  assert.equal(repositories.length, 3);
  assert.deepEqual(
    warnings().filter((message) => message.includes("carries no signature")).length,
    1,
    "one warning, though greeting is without one too",
  );
});

test("what the catalogue lacks of what is always added is a warning, and the image goes without", async (t) => {
  const world = await nixWorld(t);
  if (world === undefined) return;
  const cache = await world.cache({}, "xorg.xev");
  const { context, warnings } = await bench(t, world, {
    repositories: [cache],
    environment: { ...world.environment, COOPER_NIX_NIXPKGS: join(world.nixpkgs, "few.nix") },
  });
  writeFileSync(
    join(world.nixpkgs, "few.nix"),
    "{ system }: { inherit (import ./. { inherit system; }) xorg; }",
  );
  const { packages } = await nix.solve(nix.parse("xorg.xev"), HERE, context);
  assert.deepEqual(
    packages.map(({ name }) => name),
    ["busybox", "xev"],
  );
  assert.deepEqual(warnings(), [
    "nixpkgs has no cacert: the image goes without",
    "nixpkgs has no iana-etc: the image goes without",
  ]);
});

test("a lock is brought up to date for what was asked for and is named, and the rest stays", async (t) => {
  const world = await nixWorld(t);
  if (world === undefined) return;
  const cache = await world.cache({}, "hello", "nano", ...ALWAYS);
  const options = { repositories: [cache] };
  const earlier = await nix.solve(nix.parse("hello/nano"), HERE, (await bench(t, world, options)).context);

  const later = temporaryDirectory(t);
  cpSync(world.nixpkgs, later, { recursive: true });
  const file = join(later, "default.nix");
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replace("nano-8.0", "nano-8.1").replaceAll("hello-2.12", "hello-2.13"));
  const env = world.environment;
  const wanted = ["--attr", "hello", "--attr", "nano", "--argstr", "system", world.system];
  const built = (await run("nix-build", [later, "--no-out-link", ...wanted], { env })).stdout.trim();
  const place = `file://${cache}?compression=zstd&secret-key=${join(world.directory, "secret")}`;
  await run("nix", ["copy", "--to", place, ...built.split("\n")], { env });

  const environment = { ...env, COOPER_NIX_NIXPKGS: later };
  const { context } = await bench(t, world, { ...options, environment });
  const update = async (...names: readonly string[]): Promise<readonly string[]> => {
    const keep = new Map(earlier.packages.map(({ name, version }) => [name, version]));
    for (const name of names) keep.delete(name);
    const solved = await nix.solve(nix.parse("hello/nano"), HERE, { ...context, keep, before: [earlier] });
    const asked = solved.packages.filter(({ reason }) => reason === "asked for");
    if (names.length === 0) assert.deepEqual(solved.packages, earlier.packages);
    return asked.map(({ name, version }) => `${name} ${version}`).toSorted();
  };
  assert.deepEqual(await update(), ["hello 2.12", "nano 8.0"]);
  assert.deepEqual(await update("nano"), ["hello 2.12", "nano 8.1"]);
  assert.deepEqual(await update("nano", "hello"), ["hello 2.13", "nano 8.1"]);
  await assert.rejects(update("greeting"), {
    code: "REQUEST_INVALID",
    message: /greeting was not asked for: it comes with what needs it, needed by hello/,
  });
});
