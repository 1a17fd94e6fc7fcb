import assert from "node:assert/strict";
import { test } from "node:test";
import { assertStoredPlan } from "../../plan/stored-plan.fixture.ts";
import type { Source } from "../../project/source.ts";
import { sourceOf } from "../../project/source.fixture.ts";
import { rust } from "./rust.ts";

const NONE = { variables: {} } as const;
const PACKAGE = '[package]\nname = "shop"\nedition = "2021"\n';
const MAIN = "fn main() {}\n";

/** Files, by the shape of an application. */
const SHAPES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "a-server": {
    "Cargo.toml": `${PACKAGE}\n[dependencies]\naxum = "0.8"\n`,
    "Cargo.lock": '[[package]]\nname = "axum"\n\n[[package]]\nname = "openssl-sys"\n',
    "src/main.rs": MAIN,
    "src/lib.rs": "",
    "build.rs": MAIN,
    "templates/page.html": "",
  },
  "a-workspace": {
    "Cargo.toml":
      '[workspace]\nmembers = ["crates/*"]\nexclude = ["crates/old"]\npackage = { edition = "2021" }\n',
    "Cargo.lock": "",
    "crates/shop/Cargo.toml":
      '[package]\nname = "shop"\nedition.workspace = true\n\n[dependencies]\ncellar = { path = "../../cellar" }\n',
    "crates/shop/src/main.rs": MAIN,
    "crates/old/Cargo.toml": '[package]\nname = "old"\n',
    "crates/old/src/main.rs": MAIN,
    "cellar/Cargo.toml": '[package]\nname = "cellar"\n',
    "cellar/src/lib.rs": "",
  },
  "several-programs": {
    "Cargo.toml": `${PACKAGE}default-run = "serve"\n\n[[bin]]\nname = "serve"\npath = "programs/serve.rs"\n`,
    "programs/serve.rs": MAIN,
    "src/bin/count.rs": MAIN,
    "src/bin/migrate/main.rs": MAIN,
    Procfile: "web: serve\nrelease: migrate\n",
  },
  vendored: {
    "Cargo.toml": PACKAGE,
    "Cargo.lock": "",
    ".cargo/config.toml": '[source.vendored-sources]\ndirectory = "vendor"\n',
    "vendor/a/Cargo.toml": '[package]\nname = "a"\n',
    "src/main.rs": MAIN,
  },
};

for (const [shape, files] of Object.entries(SHAPES)) {
  test(`the plan of ${shape.replaceAll("-", " ")} in Rust is the stored one`, async (t) => {
    assertStoredPlan(rust.plan(await sourceOf(t, files), NONE), import.meta.dirname, shape);
  });
}

test("of several programs the one that is named is built, and else the user is told their names", async (t) => {
  const source = await sourceOf(t, {
    "Cargo.toml": PACKAGE,
    "src/bin/count.rs": MAIN,
    "src/bin/pour/main.rs": MAIN,
  });
  assert.throws(() => rust.plan(source, NONE), {
    code: "START_UNKNOWN",
    advice: /RUST_BIN=NAME.*count.*pour/,
  });
  const { deploy, steps } = rust.plan(source, { variables: { RUST_BIN: "pour" } });
  assert.deepEqual(deploy.command, ["/app/bin/pour"]);
  assert.match(String(steps["build"]?.commands[0]), /--offline --package shop --bin pour/);
  const library = await sourceOf(t, { "Cargo.toml": PACKAGE, "src/lib.rs": "" });
  assert.throws(() => rust.plan(library, NONE), { code: "START_UNKNOWN", message: /nothing in it/ });
});

test("Rust's version is the newest that there is and that the source takes, or an error that lists them", async (t) => {
  const cases: readonly [Record<string, string>, RegExp][] = [
    [{}, /\/rustc-web\//],
    [{ "Cargo.toml": `${PACKAGE}rust-version = "1.70"\n` }, /\/rustc-web\//],
    [{ "rust-toolchain": "stable\n" }, /\/rustc-web\//],
    [{ "rust-toolchain.toml": '[toolchain]\nchannel = "1.85.1"\n' }, /\/rustc-web=1\.85\*\//],
    [{ ".tool-versions": "rust 1.63.0\n" }, /\/rustc\/cargo/],
  ];
  for (const [files, packages] of cases) {
    const source = await sourceOf(t, { "Cargo.toml": PACKAGE, "src/main.rs": MAIN, ...files }); // oxlint-disable-line no-await-in-loop
    assert.match(rust.plan(source, NONE).steps["dependencies"]?.root?.[0] ?? "", packages);
  }
  const refused: readonly [Record<string, string>, RegExp][] = [
    [{ "rust-toolchain": "nightly-2026-01-01\n" }, /nightly.*1\.96, 1\.85, 1\.63/],
    [{ "rust-toolchain": "1.80.0\n" }, /Rust 1\.80\.0 is asked for \(rust-toolchain\)/],
    [{ "Cargo.toml": `${PACKAGE}rust-version = "2.1"\n` }, /Rust >=2\.1/],
    [
      { "Cargo.toml": PACKAGE.replace("2021", "2024"), ".tool-versions": "rust 1.63\n" },
      /edition 2024, which Rust 1\.85 was the first to know/,
    ],
  ];
  for (const [files, message] of refused) {
    const source = await sourceOf(t, { "Cargo.toml": PACKAGE, "src/main.rs": MAIN, ...files }); // oxlint-disable-line no-await-in-loop
    assert.throws(() => rust.plan(source, NONE), { code: "VERSION_UNAVAILABLE", message });
  }
});

test("the edition that a member takes from its workspace counts as its own", async (t) => {
  const source = await sourceOf(t, {
    "Cargo.toml": '[workspace]\nmembers = ["shop"]\n\n[workspace.package]\nedition = "2024"\n',
    "shop/Cargo.toml": '[package]\nname = "shop"\nedition = { workspace = true }\n',
    "shop/src/main.rs": MAIN,
    ".tool-versions": "rust 1.63\n",
  });
  assert.throws(() => rust.plan(source, NONE), { message: /shop\/Cargo\.toml has the edition 2024/ });
});

test("a program is found where the target that is configured puts it, and none is for musl", async (t) => {
  const sourceFor = async (target: string): Promise<Source> =>
    await sourceOf(t, {
      "Cargo.toml": PACKAGE,
      "src/main.rs": MAIN,
      ".cargo/config.toml": `[build]\ntarget = "${target}"\n`,
    });
  const { steps } = rust.plan(await sourceFor("x86_64-unknown-linux-gnu"), NONE);
  assert.match(String(steps["build"]?.commands[0]), /cp \/target\/x86_64-unknown-linux-gnu\/release\/shop /);
  const musl = await sourceFor("x86_64-unknown-linux-musl");
  assert.throws(() => rust.plan(musl, NONE), {
    code: "VERSION_UNAVAILABLE",
    message: /x86_64-unknown-linux-musl is asked for \(\.cargo\/config\.toml\)/,
  });
});

test("a library that a package brings itself is not asked of the system", async (t) => {
  const rootOf = async (toml: string, lock: string): Promise<readonly string[]> => {
    const files = { "Cargo.toml": `${PACKAGE}${toml}`, "Cargo.lock": lock, "src/main.rs": MAIN };
    return rust.plan(await sourceOf(t, files), NONE).deploy.root;
  };
  assert.deepEqual(await rootOf("", lockOf("openssl-sys")), ["apt:libc6/libgcc-s1/libssl3/+nobase"]);
  assert.deepEqual(await rootOf("", lockOf("openssl-sys", "openssl-src")), ["apt:libc6/libgcc-s1/+nobase"]);
  assert.deepEqual(await rootOf("", lockOf("bzip2", "fmt", "zstd")), ["apt:libc6/libgcc-s1/+nobase"]);
  const bundled = '[dependencies]\nrusqlite = { version = "0.31", features = ["bundled"] }\n';
  assert.deepEqual(await rootOf(bundled, lockOf("libsqlite3-sys")), ["apt:libc6/libgcc-s1/+nobase"]);
});

test("a manifest that is none is named with the place", async (t) => {
  const source = await sourceOf(t, { "Cargo.toml": "[package]\nname = 3\n" });
  assert.throws(() => rust.plan(source, NONE), {
    code: "SOURCE_INVALID",
    message: /^Cargo\.toml: package\.name/,
  });
});

function lockOf(...names: readonly string[]): string {
  return names.map((name) => `[[package]]\nname = "${name}"\n`).join("\n");
}
