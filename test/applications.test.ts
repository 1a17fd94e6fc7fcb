import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test, type TestContext } from "node:test";
import { run, temporaryDirectory } from "@cooper/test";
import { FETCHERS } from "./applications/fetch.ts";
import { type Application, APPLICATIONS } from "./applications/table.ts";
import { type Cooper, requireCooper } from "./examples/cooper.ts";
import { askUnderRunc } from "./examples/judge.ts";

/** `all`, or some by name: verdaccio,npm/serve. Default: those that always run. */
const CHOSEN = process.env["COOPER_TEST_APPLICATIONS"]?.split(",");

test("the table has each application once, by ecosystem and name", () => {
  const names = APPLICATIONS.map(nameOf);
  assert.deepEqual(names, [...new Set(names)].toSorted());
});

// Two at once: one computes while the other waits for the network.
test("every published application", { concurrency: 2 }, async (t) => {
  const cooper = await requireCooper(t);
  if (cooper === undefined) return;
  await Promise.all(
    APPLICATIONS.filter(isChosen).map(async (application) => {
      const title = `${nameOf(application)} ${application.version}, as it was published, is built, starts and answers`;
      await t.test(title, async (each) => await judge(each, application, cooper));
    }),
  );
});

async function judge(t: TestContext, application: Application, cooper: Cooper): Promise<void> {
  const directory = temporaryDirectory(t);
  const source = join(directory, "source");
  const scratch = join(directory, "scratch");
  for (const each of [source, scratch]) mkdirSync(each);
  try {
    await FETCHERS[application.ecosystem](application, source, scratch);
  } catch (error) {
    t.skip(
      `SKIPPED: ${application.ecosystem}'s client, as configured here, does not fetch it: ${String(error)}`,
    );
    return;
  }
  for (const [path, text] of Object.entries(application.files ?? {})) {
    mkdirSync(dirname(join(source, path)), { recursive: true });
    writeFileSync(join(source, path), text);
  }
  const image = `oci:${join(directory, "image")}:1`;
  const flags = application.flags ?? [];
  await run(cooper.launcher, ["build", source, "--quiet", "-o", image, ...flags], { env: cooper.env });
  await askUnderRunc(cooper, application, image);
}

function nameOf(application: Application): string {
  return `${application.ecosystem}/${application.package}`;
}

function isChosen(application: Application): boolean {
  if (CHOSEN === undefined) return application.run === "always";
  const names = ["all", application.ecosystem, application.package, nameOf(application)];
  return names.some((name) => CHOSEN.includes(name));
}
