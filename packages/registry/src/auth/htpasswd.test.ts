import assert from "node:assert/strict";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { hashSync } from "bcryptjs";
import { temporaryDirectory } from "@cooper/test";
import { isFault } from "@cooper/sys";
import { until } from "../conformance/visitor.test.ts";
import { openHtpasswd } from "./htpasswd.ts";

const COST = 4;
const ANNA = `anna:${hashSync("a:word", COST)}`;
const BERT = `bert:${hashSync("other", COST).replace("$2b$", "$2y$")}`;

test("a user comes in with the password and nobody with another one", async (t) => {
  const path = join(temporaryDirectory(t), "users");
  writeFileSync(path, `# people\n${ANNA}\r\n\n${BERT}\n`);
  const { authenticate } = openHtpasswd({ path });
  for (const round of ["first", "again"]) {
    // oxlint-disable-next-line no-await-in-loop
    const answers = await Promise.all([
      authenticate({ username: "anna", password: "a:word" }),
      authenticate({ username: "bert", password: "other" }),
      authenticate({ username: "anna", password: "other" }),
      authenticate({ username: "anna", password: "" }),
      authenticate({ username: "carl", password: "a:word" }),
      authenticate({ username: "", password: "" }),
      authenticate({ username: "anna", password: "a:word".padEnd(100_000, "x") }),
      authenticate({ username: "__proto__", password: "x" }),
    ]);
    assert.deepEqual(answers, [true, true, false, false, false, false, false, false], round);
  }
});

test("a file that changes counts from then on; one that is broken does not", async (t) => {
  const path = join(temporaryDirectory(t), "users");
  writeFileSync(path, ANNA);
  const faults: unknown[] = [];
  const { authenticate } = openHtpasswd({ path, onFault: (error) => faults.push(error) });
  assert.ok(await authenticate({ username: "anna", password: "a:word" }));
  writeFileSync(`${path}.new`, `anna:${hashSync("changed", COST)}\n${BERT}`);
  renameSync(`${path}.new`, path);
  await until(async () => await authenticate({ username: "bert", password: "other" }));
  assert.ok(!(await authenticate({ username: "anna", password: "a:word" })), "an old password is over");
  assert.ok(await authenticate({ username: "anna", password: "changed" }));
  writeFileSync(path, "anna:plain");
  await until(async () => {
    await authenticate({ username: "anna", password: "changed" });
    return faults.length > 0;
  });
  assert.ok(isFault(faults[0], "CONFIG_INVALID"));
  assert.ok(await authenticate({ username: "anna", password: "changed" }));
});

test("a line that is no bcrypt hash is told by its number, without what it says", (t) => {
  const path = join(temporaryDirectory(t), "users");
  for (const line of [
    "anna:secret",
    "secret",
    "anna:{SHA}secret=",
    "anna:$apr1$secret",
    ":x",
    `anna:$2y$31$${"a".repeat(53)}`,
  ]) {
    writeFileSync(path, `${BERT}\n${line}\n`);
    assert.throws(
      () => openHtpasswd({ path }),
      (error) =>
        isFault(error, "CONFIG_INVALID") &&
        /users:2: /.test(error.message) &&
        !error.message.includes("secret"),
      line,
    );
  }
  assert.throws(() => openHtpasswd({ path: `${path}.missing` }), /cannot be read/);
});

test("who tries many passwords at once waits, and then is told to go", async (t) => {
  const path = join(temporaryDirectory(t), "users");
  writeFileSync(path, `anna:${hashSync("word", 8)}`);
  const { authenticate } = openHtpasswd({ path });
  const tries = await Promise.allSettled(
    Array.from(
      { length: 100 },
      async (_, index) => await authenticate({ username: "anna", password: `${index}` }),
    ),
  );
  const refused = tries.filter((attempt) => attempt.status === "rejected");
  assert.ok(refused.length > 0 && refused.length < 100);
  assert.ok(refused.every(({ reason }) => isFault(reason, "TOOMANYREQUESTS")));
  assert.ok(await authenticate({ username: "anna", password: "word" }));
});
