import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { ecosystemOf, openContext } from "@cooper/distro";
import { parsePlatform } from "@cooper/oci";
import { temporaryDirectory } from "@cooper/test";
import { generateDockerfile } from "../dockerfile/dockerfile.ts";
import { LIBRARIES } from "../native/libraries.ts";
import { parseOverlay } from "../overlay/read.ts";
import { referencesOf } from "../plan/graph.ts";
import { parsePlan } from "../plan/plan.ts";
import { planSource } from "../plan/plan-source.ts";
import { assertStoredPlan } from "../plan/stored-plan.fixture.ts";
import { sourceOf } from "../project/source.fixture.ts";
import { distributionOf, type Ecosystem } from "./distribution.ts";
import { SHARED } from "./names.ts";
import { namesOf } from "./reference.ts";

const PROVIDERS = resolve(import.meta.dirname, "../providers");
const PACKAGE = JSON.stringify({ name: "shop", main: "a.js", dependencies: { bcrypt: "5" } });
const POM =
  "<project><groupId>a</groupId><artifactId>shop</artifactId><version>1</version><build><plugins><plugin><artifactId>maven-shade-plugin</artifactId></plugin></plugins></build></project>";

const FLASK = "from flask import Flask\napp = Flask('a')\n";

/** Applications, by what begins with the name of their provider. */
const APPLICATIONS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  c: { Makefile: "TARGET = shop\nLDLIBS = -lm\n", "shop.c": "int main(void) { return 0; }\n" },
  go: { "go.mod": "module example.com/shop\n\ngo 1.26\n", "main.go": "package main\n\nfunc main() {}\n" },
  java: { "pom.xml": POM },
  node: { "package.json": PACKAGE, "a.js": "", "package-lock.json": '{"lockfileVersion": 3}' },
  php: { "index.php": "<?php echo 1;\n" },
  procfile: { Procfile: "web: ./serve\n", serve: "\u007FELF" },
  python: { "requirements.txt": "flask\ngunicorn\n", "app.py": FLASK },
  "python with a library": { "requirements.txt": "flask\ngunicorn\npsycopg2\n", "app.py": FLASK },
  ruby: { Gemfile: 'gem "sinatra"\n', "Gemfile.lock": "", "app.rb": "" },
  "ruby with a library": { Gemfile: 'gem "sinatra"\ngem "pg"\n', "Gemfile.lock": "", "app.rb": "" },
  rust: {
    "Cargo.toml": '[package]\nname = "shop"\nversion = "1.0.0"\nedition = "2021"\n',
    "Cargo.lock": "",
    "src/main.rs": "fn main() {}\n",
  },
  shell: { "start.sh": "#!/bin/sh\nexec nc -lk -p 8080\n" },
  static: { "index.html": "" },
};
const SHAPES = { apk: "on-alpine", nix: "on-nixpkgs" } as const;
/** Whose plan nixpkgs' packages do not make: those two servers, and what is compiled with a library of C. */
const NOT_OF_NIX = new Set(["php", "static", "python with a library", "ruby with a library"]);

for (const [name, files] of Object.entries(APPLICATIONS)) {
  const [provider = "", ...more] = name.split(" ");
  const shape = (from: keyof typeof SHAPES): string => [SHAPES[from], ...more].join("-");
  for (const from of ["apk", "nix"] as const) {
    test(`the plan of ${name} ${SHAPES[from].replace("-", " ")} is the stored one, or there is none`, async (t) => {
      const source = await sourceOf(t, files);
      const plan = (): ReturnType<typeof planSource> =>
        planSource(source, { variables: {}, providers: [provider], packages: { from } });
      if (from === "nix" && NOT_OF_NIX.has(name)) {
        assert.throws(plan, { code: "PACKAGES_UNAVAILABLE", message: /nixpkgs/, advice: /--packages-from/ });
        return;
      }
      const made = plan();
      for (const reference of referencesOf(made))
        assert.match(reference, from === "apk" ? /^(apk|npm):/ : /^(nix|npm):/);
      assertStoredPlan(made, join(PROVIDERS, provider), shape(from));
      if (from === "apk")
        assert.match(generateDockerfile(made, source).dockerfile, /^FROM alpine:[^]*\bapk add /m);
      else assert.throws(() => generateDockerfile(made, source), { code: "CONFIGURATION_UNSUPPORTED" });
    });
  }
}

test("a provider that needs Debian says so", async (t) => {
  for (const name of ["bun", "deno", "dotnet", "elixir"]) {
    const source = await sourceOf(t, {}); // oxlint-disable-line no-await-in-loop
    const settings = { variables: {}, providers: [name], packages: { from: "apk" } };
    assert.throws(() => planSource(source, settings), {
      code: "PACKAGES_UNAVAILABLE",
      message: `what ${name} needs cannot be had of the packages of Alpine`,
    });
  }
});

test("a version chooses Alpine's release, a release bounds the versions, and what cannot be had is told", async (t) => {
  const of = async (version: string, from: string): Promise<readonly string[]> => {
    const source = await sourceOf(t, { ...APPLICATIONS["node"], ".nvmrc": version });
    return planSource(source, { variables: {}, packages: { from } }).deploy.root;
  };
  assert.match(String(await of("20", "apk")), /:3\.20$/);
  assert.match(String(await of("22", "apk:3.22")), /:3\.22$/);
  assert.match(String(await of("24", "nix:nixos-25.05")), /^nix:nodejs_24\/.*:nixos-25\.05$/);
  await assert.rejects(of("20", "apk:3.22"), { code: "VERSION_UNAVAILABLE", message: /there is 22$/ });
  await assert.rejects(of("23", "apk"), { code: "VERSION_UNAVAILABLE", message: /there is 22, 20, 18$/ });
  await assert.rejects(of("22", "apk:edge"), {
    code: "VERSION_UNAVAILABLE",
    message: /Alpine edge has no Node .*22 \(apk:3\.22\)/,
  });
});

test("flags count more than the environment, that more than cooper.toml, and it is said where it is wrong", async (t) => {
  const source = await sourceOf(t, APPLICATIONS["shell"] ?? {});
  const rootWith = (from: string | undefined, text: string): string =>
    String(
      planSource(source, { variables: {}, packages: { from } }, parseOverlay(text, "cooper.toml")).deploy
        .root,
    );
  const file = '[packages]\nfrom = "apk:3.20"\ndeploy = ["jq"]\n';
  assert.match(rootWith(undefined, file), /^apk:.*\/jq:3\.20$/);
  assert.match(rootWith("nix", file), /^nix:.*\/jq$/);
  assert.throws(() => parseOverlay('[packages]\nfrom = "yum"\n', "cooper.toml"), {
    code: "CONFIGURATION_INVALID",
  });
  for (const from of ["yum", "apk:", "apt:trixie", "apk:wolfi"]) {
    assert.throws(() => distributionOf({ packages: { from } }), { code: "OPTION_INVALID", kind: "usage" });
  }
});

/** Alpine's community has these; of 3.16, only main's index is here. */
const COMMUNITY: ReadonlySet<string> = new Set(
  (
    "tini go rust cargo py3-pip maven composer openjdk17-jdk p11-kit-trust rocksdb rocksdb-dev librdkafka " +
    "librdkafka-dev libmicrohttpd libmicrohttpd-dev yaml-cpp yaml-cpp-dev fmt fmt-dev spdlog spdlog-dev vips " +
    "vips-dev xxhash xxhash-dev nlohmann-json rapidjson-dev asio-dev"
  ).split(" "),
);

test("every other name that plans give Alpine's packages is in Alpine's index, and each root can be solved", async (t) => {
  const data = resolve(import.meta.dirname, "../../../../../../shared/data/apk/alpine-3.16-main-x86_64");
  if (!existsSync(data)) {
    t.skip(`SKIPPED: the real apk data are missing: ${data}`);
    return;
  }
  const context = await openContext({
    environment: {},
    hostRoot: temporaryDirectory(t),
    repositories: [join(data, "APKINDEX.tar.gz")],
    keyrings: [join(data, "alpine-devel@lists.alpinelinux.org-6165ee59.rsa.pub")],
    cache: { directory: temporaryDirectory(t) },
  });
  t.after(async () => await context.close());
  const solver = await ecosystemOf("apk");
  const apk: { readonly ecosystem: Ecosystem } = { ecosystem: "apk" };
  const libraries = [...new Set(LIBRARIES.values())].flatMap(({ build, runtime }) =>
    build.apk === undefined ? [] : [[...namesOf(apk, build), ...namesOf(apk, runtime)]],
  );
  const plans = Object.keys(APPLICATIONS).flatMap((name) => {
    const [provider = "", ...more] = name.split(" ");
    const path = join(PROVIDERS, provider, "plans", `${["on-alpine", ...more].join("-")}.json`);
    return referencesOf(parsePlan(JSON.parse(readFileSync(path, "utf8")), path));
  });
  const roots = [
    ...libraries,
    ...Object.values(SHARED).map((row) => namesOf(apk, row)),
    ...plans
      .filter((reference) => reference.startsWith("apk:"))
      .map((reference) => reference.split(":")[1]?.split("/") ?? []),
  ].map((names) => names.filter((name) => !COMMUNITY.has(name) && !/^php\d/.test(name)));
  assert.ok(roots.length > 100);
  for (const packages of roots.filter((names) => names.length > 0)) {
    // oxlint-disable-next-line no-await-in-loop -- one index
    const { packages: solved } = await solver.solve({ packages }, parsePlatform("linux/amd64"), context);
    assert.ok(solved.length >= packages.length, packages.join(" "));
  }
});
