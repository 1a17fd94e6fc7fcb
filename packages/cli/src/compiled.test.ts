import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
} from "node:fs";
import { rmSync, statSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { TestContext } from "node:test";
import { requireRoot, run, temporaryDirectory } from "@cooper/test";

const published = mkdtempSync(join(tmpdir(), "cooper-bundle-"));
before(async () => {
  await run(process.execPath, [join(import.meta.dirname, "../../../scripts/bundle.ts"), published]);
});
after(() => rmSync(published, { recursive: true, force: true }));

/** As `bin/cooper` starts it, or so that nothing is taken of what came with the bundle: V8 looks at its options. */
type Start = "as published" | "with other options" | "by another Node";

interface Installed {
  readonly bundle: string;
  readonly cache: string;
  /**
   * Runs `cooper --help`, perhaps a program `first`, and says whether it ran what stands in the file, which is
   * another one each time.
   */
  readonly help: (first?: string) => Promise<"compiled now" | "compiled before">;
  readonly cooper: (...args: readonly string[]) => Promise<string>;
  /** The files that are kept, by their path under `compiled`. */
  readonly kept: () => readonly string[];
  /** The files that came with the bundle. */
  readonly shipped: () => readonly string[];
}

/** A bundle of the test's own. */
function installed(t: TestContext, start: Start = "with other options"): Installed {
  const directory = temporaryDirectory(t);
  const bundle = join(directory, "dist/bundle");
  cpSync(published, bundle, { recursive: true });
  cpSync(join(import.meta.dirname, "../bin"), join(directory, "bin"), { recursive: true });
  symlinkSync(join(import.meta.dirname, "../../../node_modules"), join(directory, "node_modules"));
  const cache = join(directory, "cache");
  const [program, ...main] = launched(start, directory);
  const started = async (first: string, ...args: readonly string[]): Promise<string> => {
    const env = { ...process.env, COOPER_CACHE_DIR: cache, NODE_OPTIONS: first };
    return (await run(program, [...main, ...args], { env })).stdout;
  };
  let words = "Print the digest of";
  let runs = 0;
  return {
    bundle,
    cache,
    cooper: async (...args) => await started("", ...args),
    help: async (first) => {
      const next = words.replace(/^../, String(10 + runs++));
      change(join(bundle, "app.cjs"), words, next);
      words = next;
      const said = await started(first === undefined ? "" : `--require=${first}`, "--help");
      return said.includes(words) ? "compiled now" : "compiled before";
    },
    kept: () => filesIn(join(cache, "compiled")),
    shipped: () => filesIn(join(bundle, "compiled")).map((name) => join(bundle, "compiled", name)),
  };
}

function launched(start: Start, directory: string): readonly [program: string, ...main: readonly string[]] {
  const main = join(directory, "dist/bundle/main.cjs");
  if (start === "as published") return [join(directory, "bin/cooper")];
  if (start === "with other options") return [process.execPath, "--no-sparkplug", main];
  const node = join(directory, "node");
  copyFileSync(process.execPath, node);
  return [node, main];
}

function filesIn(directory: string): readonly string[] {
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(directory, name)).isFile())
    .toSorted();
}

/** A program that makes of a run one that does something. */
function busyProgram(bundle: string): string {
  const path = join(bundle, "busy.cjs");
  writeFileSync(path, "while (process.cpuUsage().user < 600_000);");
  return path;
}

function change(path: string, from: string | RegExp, to: string): void {
  writeFileSync(path, readFileSync(path, "latin1").replaceAll(from, to), "latin1");
}

test("a command runs what the same command compiled before, where that did not fail", async (t) => {
  const { help, cooper, kept, cache } = installed(t);
  assert.equal(await help(), "compiled now");
  assert.match(kept().join(" "), /^help\/app-[0-9a-f]{16}-short$/);
  const [path = ""] = kept();
  const { ino } = statSync(join(cache, "compiled", path));
  assert.equal(await help(), "compiled before");
  assert.deepEqual(kept(), [path]);
  assert.equal(statSync(join(cache, "compiled", path)).ino, ino);

  await cooper("completion", "bash");
  await cooper("--help");
  await assert.rejects(cooper("digest"), /status 2/);
  assert.deepEqual(
    kept().map((name) => name.replace(/-.*/, "")),
    ["completion/app", "help/app"],
  );
  assert.equal(statSync(join(cache, "compiled")).mode & 0o777, 0o700);
});

test("what a long run compiled serves until a short one, which makes room for what the next one calls", async (t) => {
  const { help, kept, bundle } = installed(t);
  const busy = busyProgram(bundle);
  assert.equal(await help(busy), "compiled now");
  assert.match(kept().join(" "), /^help\/app-[0-9a-f]{16}-long$/);
  assert.equal(await help(busy), "compiled before");
  assert.equal(await help(), "compiled before");
  assert.deepEqual(kept(), []);
  assert.equal(await help(), "compiled now");
  assert.equal(await help(busy), "compiled before");
  assert.match(kept().join(" "), /^help\/app-[0-9a-f]{16}-short$/);
});

test("another version runs nothing that this one compiled", async (t) => {
  const { help, bundle } = installed(t);
  await help();
  change(join(bundle, "main.cjs"), /"app","[0-9a-f]{16}"/g, '"app","0123456789abcdef"');
  assert.equal(await help(), "compiled now");
});

test("what Node compiled with other options is compiled again, in its place", async (t) => {
  const { help, bundle, cache, kept } = installed(t);
  await help();
  await help();
  const env = { ...process.env, COOPER_CACHE_DIR: cache };
  const names = kept();
  const main = ["--no-opt", join(bundle, "main.cjs"), "--help"];
  await run(process.execPath, main, { env });
  assert.deepEqual(kept(), names);
  assert.equal(await help(), "compiled now");
  assert.equal(await help(), "compiled before");
});

test("asking for the version compiles and keeps nothing", async (t) => {
  const { cooper, cache } = installed(t);
  assert.match(await cooper("--version"), /^cooper \d/);
  assert.ok(!existsSync(cache));
});

const DAMAGES: readonly ((path: string) => void)[] = [
  (path) => truncateSync(path, statSync(path).size / 2),
  (path) => writeFileSync(path, readFileSync(path).fill(0x5a, 1000, 1010)),
  (path) => writeFileSync(path, Buffer.alloc(statSync(path).size)),
  (path) => writeFileSync(path, ""),
];

test("what a crash cut short or something damaged is compiled again", async (t) => {
  const { help, cache, kept } = installed(t);
  await help();
  for (const damage of DAMAGES) {
    for (const name of kept()) damage(join(cache, "compiled", name));
    assert.equal(await help(), "compiled now");
    assert.equal(await help(), "compiled before");
  }
});

test("what came with the bundle runs from the first time on, and nothing more of the help is kept", async (t) => {
  const { help, kept, shipped, bundle } = installed(t, "as published");
  assert.deepEqual(
    shipped().map((path) => path.replace(/^.*\/(\w+)-[0-9a-f]{16}-/, "$1 ")),
    ["app long", "app short", "openpgp long", "undici long"],
  );
  for (const first of [undefined, undefined, busyProgram(bundle)]) {
    assert.equal(await help(first), "compiled before");
    assert.deepEqual(kept(), []);
  }
});

test("a command that was short before keeps what it called besides what came with the bundle", async (t) => {
  const { cooper, kept, cache } = installed(t, "as published");
  await cooper("completion", "bash");
  assert.deepEqual(kept(), []);
  await cooper("completion", "bash");
  assert.match(kept().join(" "), /^completion\/app-[0-9a-f]{16}-short$/);
  const [path = ""] = kept();
  const { ino } = statSync(join(cache, "compiled", path));
  await cooper("completion", "bash");
  assert.deepEqual(kept(), [path]);
  assert.equal(statSync(join(cache, "compiled", path)).ino, ino);
});

test("a Node that did not come with Cooper takes nothing that came with the bundle", async (t) => {
  const { help, kept } = installed(t, "by another Node");
  assert.equal(await help(), "compiled now");
  assert.equal(await help(), "compiled before");
  assert.match(kept().join(" "), /^help\/app-[0-9a-f]{16}-short$/);
});

test("where what came with the bundle is damaged, all is compiled and kept", async (t) => {
  for (const damage of DAMAGES) {
    const { help, kept, shipped } = installed(t, "as published");
    for (const path of shipped()) damage(path);
    assert.equal(await help(), "compiled now");
    assert.match(kept().join(" "), /^help\/app-[0-9a-f]{16}-short$/);
    assert.equal(await help(), "compiled before");
  }
});

test("where others could put something, or nothing can be written, only what came with the bundle runs", async (t) => {
  const places: ((cache: string) => void)[] = [
    (cache) => {
      mkdirSync(join(cache, "compiled"), { recursive: true });
      chmodSync(join(cache, "compiled"), 0o777);
    },
    (cache) => {
      mkdirSync(join(cache, "own"), { recursive: true });
      symlinkSync("own", join(cache, "compiled"));
    },
    (cache) => writeFileSync(cache, "a file"),
  ];
  if (requireRoot(t)) {
    places.push((cache) => {
      mkdirSync(join(cache, "compiled"), { recursive: true });
      chownSync(join(cache, "compiled"), 65534, 65534);
    });
  }
  for (const prepare of places) {
    for (const [start, expected] of [
      ["with other options", "compiled now"],
      ["as published", "compiled before"],
    ] as const) {
      const { help, cache, kept } = installed(t, start);
      prepare(cache);
      assert.equal(await help(), expected);
      assert.equal(await help(), expected);
      if (statSync(cache).isDirectory()) assert.deepEqual(kept(), []);
    }
  }
});

const USE_LIBRARIES = `
  const [openpgp, { Pool }, { Enums, Spec }] = ["openpgp", "undici", "cyclonedx"].map((name) => require("./" + name + ".cjs"));
  const { createServer } = require("node:http");
  const server = createServer((_request, response) => response.end("staves")).listen(0, "127.0.0.1", async () => {
    const { privateKey, publicKey } = await openpgp.generateKey({ userIDs: [{ name: "a cooper" }], format: "object" });
    const message = await openpgp.createCleartextMessage({ text: "Suite: stable" });
    const cleartextMessage = await openpgp.sign({ message, signingKeys: privateKey });
    const signed = await openpgp.readCleartextMessage({ cleartextMessage });
    const { signatures } = await openpgp.verify({ message: signed, verificationKeys: publicKey });
    console.log(await signatures[0].verified);
    const pool = new Pool("http://127.0.0.1:" + server.address().port);
    console.log(await (await pool.request({ path: "/", method: "GET" })).body.text());
    await pool.close();
    server.close();
    console.log(Spec.Spec1dot6.version, Enums.ComponentType.Application);
  });
`;

test("a library in a file of its own does what Cooper takes it for", async () => {
  const { stdout } = await run(process.execPath, ["-e", USE_LIBRARIES], { cwd: published });
  assert.equal(stdout, "true\nstaves\n1.6 application\n");
});

test("a cache in which Linux says that nothing is there ends no command and holds none up", async (t) => {
  const { help, cache } = installed(t);
  symlinkSync("/proc", cache); // mkdir(2) gives ENOENT there, which Node's mkdirSync takes for a missing parent
  assert.equal(await help(), "compiled now");
});
