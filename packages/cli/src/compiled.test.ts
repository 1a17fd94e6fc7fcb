import assert from "node:assert/strict";
import {
  chmodSync,
  chownSync,
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

interface Installed {
  readonly bundle: string;
  readonly cache: string;
  /**
   * Runs `cooper digest --help`, perhaps a program `first`, and says whether it ran what stood in the file. The
   * file is another one afterwards.
   */
  readonly digest: (first?: string) => Promise<"compiled now" | "compiled before">;
  readonly cooper: (...args: readonly string[]) => Promise<string>;
  /** The files that are kept, by their path under `compiled`. */
  readonly kept: () => readonly string[];
}

/** A bundle of the test's own. */
function installed(t: TestContext): Installed {
  const directory = temporaryDirectory(t);
  const bundle = join(directory, "bundle");
  cpSync(published, bundle, { recursive: true });
  const cache = join(directory, "cache");
  const compiled = join(cache, "compiled");
  const env = { ...process.env, COOPER_CACHE_DIR: cache };
  const node = async (...args: readonly string[]): Promise<string> =>
    (await run(process.execPath, args, { env })).stdout;
  const cooper = async (...args: readonly string[]): Promise<string> =>
    await node(join(bundle, "main.cjs"), ...args);
  let words = "Prints the digest of";
  let runs = 0;
  return {
    bundle,
    cache,
    cooper,
    digest: async (first) => {
      const options = first === undefined ? [] : ["--require", first];
      const said = await node(...options, join(bundle, "main.cjs"), "digest", "--help");
      const isNew = said.includes(words);
      const next = words.replace(/^../, String(10 + runs++));
      change(join(bundle, "app.cjs"), words, next);
      words = next;
      return isNew ? "compiled now" : "compiled before";
    },
    kept: () =>
      readdirSync(compiled, { recursive: true, encoding: "utf8" })
        .filter((name) => statSync(join(compiled, name)).isFile())
        .toSorted(),
  };
}

function change(path: string, from: string | RegExp, to: string): void {
  writeFileSync(path, readFileSync(path, "latin1").replaceAll(from, to), "latin1");
}

test("a command runs what the same command compiled before, where that did not fail", async (t) => {
  const { digest, cooper, kept, cache } = installed(t);
  assert.equal(await digest(), "compiled now");
  assert.match(kept().join(" "), /^help\/app-[0-9a-f]{16}-short$/);
  const [path = ""] = kept();
  const { ino } = statSync(join(cache, "compiled", path));
  assert.equal(await digest(), "compiled before");
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
  const { digest, kept, bundle } = installed(t);
  const busy = join(bundle, "busy.cjs");
  writeFileSync(busy, "while (process.cpuUsage().user < 600_000);");
  assert.equal(await digest(busy), "compiled now");
  assert.match(kept().join(" "), /^help\/app-[0-9a-f]{16}-long$/);
  assert.equal(await digest(busy), "compiled before");
  assert.equal(await digest(), "compiled before");
  assert.deepEqual(kept(), []);
  assert.equal(await digest(), "compiled now");
  assert.equal(await digest(busy), "compiled before");
  assert.match(kept().join(" "), /^help\/app-[0-9a-f]{16}-short$/);
});

test("another version runs nothing that this one compiled", async (t) => {
  const { digest, bundle } = installed(t);
  await digest();
  change(join(bundle, "main.cjs"), /"app","[0-9a-f]{16}"/g, '"app","0123456789abcdef"');
  assert.equal(await digest(), "compiled now");
});

test("what Node compiled with other options is compiled again, in its place", async (t) => {
  const { digest, bundle, cache, kept } = installed(t);
  await digest();
  await digest();
  const env = { ...process.env, COOPER_CACHE_DIR: cache };
  const names = kept();
  const main = ["--no-opt", join(bundle, "main.cjs"), "digest", "--help"];
  await run(process.execPath, main, { env });
  assert.deepEqual(kept(), names);
  assert.equal(await digest(), "compiled now");
  assert.equal(await digest(), "compiled before");
});

test("asking for the version compiles and keeps nothing", async (t) => {
  const { cooper, cache } = installed(t);
  assert.match(await cooper("--version"), /^cooper \d/);
  assert.ok(!existsSync(cache));
});

test("what a crash cut short or something damaged is compiled again", async (t) => {
  const { digest, cache, kept } = installed(t);
  await digest();
  for (const damage of [
    (path: string): void => truncateSync(path, statSync(path).size / 2),
    (path: string): void => writeFileSync(path, readFileSync(path).fill(0x5a, 1000, 1010)),
    (path: string): void => writeFileSync(path, Buffer.alloc(statSync(path).size)),
    (path: string): void => writeFileSync(path, ""),
  ]) {
    for (const name of kept()) damage(join(cache, "compiled", name));
    assert.equal(await digest(), "compiled now");
    assert.equal(await digest(), "compiled before");
  }
});

test("where others could put something, or nothing can be written, nothing is kept and all goes on", async (t) => {
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
    const { digest, cache, kept } = installed(t);
    prepare(cache);
    assert.equal(await digest(), "compiled now");
    assert.equal(await digest(), "compiled now");
    if (statSync(cache).isDirectory()) assert.deepEqual(kept(), []);
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
