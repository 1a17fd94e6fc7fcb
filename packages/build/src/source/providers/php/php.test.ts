import assert from "node:assert/strict";
import { test } from "node:test";
import { assertStoredPlan } from "../../plan/stored-plan.fixture.ts";
import { planSource } from "../../plan/plan-source.ts";
import { sourceOf } from "../../project/source.fixture.ts";
import { extensionPackages } from "./extensions.ts";
import { readPhpProject } from "./project.ts";

const NONE = { variables: {} } as const;
const LOCK = JSON.stringify({
  packages: [
    { name: "laravel/framework", require: { php: "^8.2", "ext-mbstring": "*", "ext-openssl": "*" } },
  ],
  platform: { "ext-pdo_mysql": "*" },
});

/** What an application is, by the name of the plan that is kept for it. */
const PLANS: Readonly<Record<string, Record<string, string>>> = {
  pages: { "index.php": "<?php echo 3;" },
  laravel: {
    "composer.json": '{"require":{"php":"^8.3","laravel/framework":"^11.0"}}',
    "composer.lock": LOCK,
    artisan: "",
    "public/index.php": "",
  },
  symfony: {
    "composer.json": '{"require":{"php":">=8.1","symfony/framework-bundle":"6.4.*","ext-intl":"*"}}',
    "public/index.php": "",
  },
  autoload: {
    "composer.json": '{"require":{"php":">=8.2"},"autoload":{"psr-4":{"A\\\\":"src/"}}}',
    "public/index.php": "",
  },
};

for (const [name, files] of Object.entries(PLANS)) {
  test(`the plan of an application of PHP is the one that is kept: ${name}`, async (t) => {
    assertStoredPlan(planSource(await sourceOf(t, files), { variables: {} }), import.meta.dirname, name);
  });
}

test("extensions that Composer's files ask for become Debian's packages, but those that PHP has anyway", async (t) => {
  const source = await sourceOf(t, PLANS["laravel"] ?? {});
  const { extensions } = readPhpProject(source);
  assert.deepEqual(extensions, ["mbstring", "openssl", "pdo_mysql"]);
  assert.deepEqual(
    extensionPackages([...extensions, "dom", "SimpleXML", "redis"], {
      version: "8.4",
      from: { ecosystem: "apt" },
    }).map(({ apt }) => apt),
    ["php8.4-mbstring", "php8.4-mysql", "php8.4-redis", "php8.4-xml"],
  );
});

test("packages that lie in the source itself are there when Composer installs", async (t) => {
  const installed = async (files: Record<string, string>): Promise<readonly string[] | undefined> =>
    planSource(await sourceOf(t, { "public/index.php": "", ...files }), NONE).steps["dependencies"]
      ?.copies?.[0]?.include;
  const own = ["composer.json", "composer.lock"];
  const repositories = [
    { type: "path", url: "./packages/*" },
    { type: "artifact", url: "archives/" },
    { type: "vcs", url: "https://git.invalid/a" },
  ];
  assert.deepEqual(await installed({ "composer.json": JSON.stringify({ repositories }) }), [
    ...own,
    "packages/*",
    "archives",
  ]);
  const named = { hoops: { type: "path", url: "hoops" }, "packagist.org": false };
  assert.deepEqual(await installed({ "composer.json": JSON.stringify({ repositories: named }) }), [
    ...own,
    "hoops",
  ]);
  const kept = { "composer.json": "{}", "vendor/composer/installed.json": "{}" };
  assert.deepEqual(await installed(kept), [...own, "vendor"]);
});

test("visitors see the directory of the front controller, or the one that is named", async (t) => {
  const rootOf = async (files: Record<string, string>, PHP_ROOT?: string): Promise<string | undefined> => {
    const variables: Record<string, string> = PHP_ROOT === undefined ? {} : { PHP_ROOT };
    const { steps } = planSource(await sourceOf(t, files), { variables, providers: ["php"] });
    const settings = steps["server"]?.files?.find(({ path }) => path.endsWith("nginx.conf"))?.text ?? "";
    return /^ {4}root (.*);$/m.exec(settings)?.[1];
  };
  assert.equal(await rootOf({ "public/index.php": "", "index.php": "" }), "/app/public");
  assert.equal(await rootOf({ "webroot/index.php": "", "composer.json": "{}" }), "/app/webroot");
  assert.equal(await rootOf({ "index.php": "" }), "/app");
  assert.equal(await rootOf({ "site/a.php": "" }, "site"), "/app/site");
});

test("a PHP is chosen that the project takes, and what cannot be had is told", async (t) => {
  const releaseOf = async (php: string): Promise<string | undefined> => {
    const source = await sourceOf(t, { "composer.json": JSON.stringify({ require: { php } }) });
    return planSource(source, NONE).deploy.root[0]?.split(":").at(-1);
  };
  assert.equal(await releaseOf("^8.1"), "bookworm");
  assert.equal(await releaseOf("^7.4|^8.3"), "trixie");
  await assert.rejects(releaseOf("~7.4.0"), { code: "VERSION_UNAVAILABLE", message: /there is 8\.2, 8\.4$/ });
});

test("Composer has no network where it has nothing to fetch", async (t) => {
  const stepOf = async (name: string): Promise<string | undefined> =>
    planSource(await sourceOf(t, PLANS[name] ?? {}), NONE).steps["dependencies"]?.network;
  assert.equal(await stepOf("autoload"), undefined);
  assert.equal(await stepOf("symfony"), "host");
});
