import assert from "node:assert/strict";
import { test } from "node:test";
import type { CheckedPackage } from "../package/fetch.ts";
import { type AccountFiles, scriptAccounts } from "./accounts.ts";

const BEFORE: AccountFiles = {
  passwd: "root:x:0:0:root:/root:/bin/sh\n",
  group: "root:x:0:root\nusers:x:100:games\nwww-data:x:82:\nnogroup:x:65533:\n",
  shadow: "root:*::0:::::\n",
};

/** A package as far as its scripts go. */
function packageWith(script: string): CheckedPackage {
  const control = { scripts: [{ kind: "pre-install", bytes: Buffer.from(script) }] };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- nothing else of it is looked at
  return { control } as unknown as CheckedPackage;
}

// What busybox 1.37 of Alpine 3.23 made of the same lines; but for the day of the last change of a password.
test("accounts are those that busybox makes", () => {
  const script = `#!/bin/sh
addgroup -S -g 82 www-data 2>/dev/null
addgroup -S web 2>/dev/null
adduser -S -D -H -h /var/lib/web -s /sbin/nologin -G web -g web web 2>/dev/null
adduser -S -D -H plain 2>/dev/null
adduser -S -u 700 -D -H -h /dev/null -G www-data numbered 2>/dev/null || true
addgroup web www-data >/dev/null 2>&1
adduser -D -H ordinary
exit 0
`;
  const { files, others } = scriptAccounts([packageWith(script)], BEFORE);
  assert.equal(others.length, 0);
  assert.equal(
    files.passwd,
    `${BEFORE.passwd}web:x:100:101:web:/var/lib/web:/sbin/nologin
plain:x:101:65533::/home/plain:/sbin/nologin
numbered:x:700:82::/dev/null:/sbin/nologin
ordinary:x:1000:1000::/home/ordinary:/bin/sh
`,
  );
  assert.equal(
    files.group,
    `root:x:0:root
users:x:100:games
www-data:x:82:numbered,web
nogroup:x:65533:plain
web:x:101:web
ordinary:x:1000:
`,
  );
  assert.equal(files.shadow.split("\n")[1], "web:!::0:99999:7:::");
});

test("what is more than an account is said to be more, and does no harm", () => {
  for (const line of [
    "adduser -S -D home",
    "adduser -S -H a:b",
    "adduser -S -H -h '/x:y' name",
    "adduser -S -H $(whoami)",
    "adduser -S -H $unknown",
    "adduser nobody-here group",
    "mkdir -p /var/x",
    "if true; then addgroup -S x; fi",
    "addgroup -S x && rm -rf /",
  ]) {
    const { files, others } = scriptAccounts([packageWith(`#!/bin/sh\n${line}\n`)], BEFORE);
    assert.equal(others.length, 1, line);
    assert.ok(!files.passwd.includes("y:"), line);
  }
});
