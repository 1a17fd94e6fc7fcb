import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDeb822Sources, parseSourcesList } from "./parse-sources.ts";

test("the one-line form is read with its options", () => {
  const entries = parseSourcesList(
    [
      "# a comment",
      "deb [arch=amd64,arm64 signed-by=/usr/share/keyrings/a.gpg trusted=no by-hash=yes] http://deb.example/debian bookworm main contrib # more",
      "deb-src http://deb.example/debian bookworm main",
      "deb file:/srv/packages ./",
      "",
    ].join("\n"),
    "sources.list",
  );
  assert.equal(entries.length, 2);
  const [first, flat] = entries;
  assert.deepEqual(first?.components, ["main", "contrib"]);
  assert.deepEqual(first.architectures, ["amd64", "arm64"]);
  assert.deepEqual(first.signedBy?.files, ["/usr/share/keyrings/a.gpg"]);
  assert.equal(first.trusted, false);
  assert.equal(first.byHash, true);
  assert.equal(flat?.suite, "./");
  assert.deepEqual(flat.components, []);
});

test("a line that is no source is named", () => {
  for (const line of [
    "deb http://deb.example/debian",
    "deb http://u:secret@deb.example/ bookworm",
    "rpm x y z",
  ]) {
    assert.throws(
      () => parseSourcesList(`\n${line}`, "a.list"),
      (error: Error & { code?: string }) => {
        assert.equal(error.code, "REPOSITORY_INVALID");
        assert.match(error.message, /a\.list, line 2/);
        assert.doesNotMatch(error.message, /secret/);
        return true;
      },
    );
  }
});

const KEY = "-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEZ\n=abcd\n-----END PGP PUBLIC KEY BLOCK-----";

test("the form with fields is read: every address with every suite", () => {
  const entries = parseDeb822Sources(
    `Types: deb deb-src
URIs: http://a.example/debian https://b.example/debian
Suites: bookworm bookworm-updates
Components: main
Architectures: amd64
# a comment
Signed-By:
 ${KEY.replaceAll("\n\n", "\n.\n").replaceAll("\n", "\n ")}

Enabled: no
Types: deb
URIs: http://off.example/
Suites: x
Components: y

Types: deb-src
URIs: http://source.example/
Suites: x
Components: y

Types: deb
URIs: http://flat.example/
Suites: amd64/
Signed-By: ABCDEF0123456789ABCDEF0123456789ABCDEF01
Check-Valid-Until: no
Trusted: yes
`,
    "debian.sources",
  );
  assert.deepEqual(
    entries.map(({ uri, suite }) => `${uri} ${suite}`),
    [
      "http://a.example/debian bookworm",
      "http://a.example/debian bookworm-updates",
      "https://b.example/debian bookworm",
      "https://b.example/debian bookworm-updates",
      "http://flat.example/ amd64/",
    ],
  );
  assert.deepEqual(entries[0]?.signedBy?.keys, [KEY]);
  assert.deepEqual(entries.at(-1)?.signedBy?.fingerprints, ["abcdef0123456789abcdef0123456789abcdef01"]);
  assert.equal(entries.at(-1)?.checkValidUntil, false);
  assert.equal(entries.at(-1)?.trusted, true);
});

test("an entry that lacks something, or is none, is refused", () => {
  const isInvalid = { code: "REPOSITORY_INVALID", message: /a\.sources/ };
  assert.throws(() => parseDeb822Sources("Types: deb\nURIs: http://a/\n", "a.sources"), isInvalid);
  assert.throws(() => parseDeb822Sources("Types: deb\nURIs: http://a/\nSuites: x\n", "a.sources"), isInvalid);
  assert.throws(() => parseDeb822Sources("Types: deb\nURIs http\n", "a.sources"), {
    code: "REPOSITORY_INVALID",
    message: 'a.sources, line 2, "URIs http": it is no field',
  });
});
