import assert from "node:assert/strict";
import { test } from "node:test";
import * as fc from "fast-check";
import {
  familiarName,
  formatDockerName,
  formatReference,
  MAKER_SCHEMES,
  parseDockerName,
  parseReference,
} from "./index.ts";
import type { Reference } from "./index.ts";

const hex = "c4ff7a2b".repeat(8);
const digest = `sha256:${hex}`;

// What Docker makes of what people write (github.com/distribution/reference).
const NORMALISED: readonly (readonly [given: string, whole: string, familiar: string])[] = [
  ["alpine", "docker.io/library/alpine:latest", "alpine:latest"],
  ["alpine:3", "docker.io/library/alpine:3", "alpine:3"],
  [`alpine@${digest}`, `docker.io/library/alpine@${digest}`, `alpine@${digest}`],
  [`alpine:3@${digest}`, `docker.io/library/alpine:3@${digest}`, `alpine:3@${digest}`],
  ["library/alpine", "docker.io/library/alpine:latest", "alpine:latest"],
  ["docker.io/alpine", "docker.io/library/alpine:latest", "alpine:latest"],
  ["docker.io/library/alpine", "docker.io/library/alpine:latest", "alpine:latest"],
  ["index.docker.io/alpine", "docker.io/library/alpine:latest", "alpine:latest"],
  ["index.docker.io/a/b", "docker.io/a/b:latest", "a/b:latest"],
  ["registry-1.docker.io/a", "registry-1.docker.io/a:latest", "registry-1.docker.io/a:latest"],
  ["a/b", "docker.io/a/b:latest", "a/b:latest"],
  ["a/b/c", "docker.io/a/b/c:latest", "a/b/c:latest"],
  ["library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest"],
  ["foo.bar", "docker.io/library/foo.bar:latest", "foo.bar:latest"],
  ["localhost", "docker.io/library/localhost:latest", "localhost:latest"],
  ["localhost/a", "localhost/a:latest", "localhost/a:latest"],
  ["localhost:5000/a:b", "localhost:5000/a:b", "localhost:5000/a:b"],
  ["localhost:5000", "docker.io/library/localhost:5000", "localhost:5000"],
  ["docker.io/localhost/a", "docker.io/localhost/a:latest", "docker.io/localhost/a:latest"],
  ["ghcr.io/a/b", "ghcr.io/a/b:latest", "ghcr.io/a/b:latest"],
  ["Foo/bar", "Foo/bar:latest", "Foo/bar:latest"],
  ["EXAMPLE.com/a", "EXAMPLE.com/a:latest", "EXAMPLE.com/a:latest"],
  ["127.0.0.1:5000/a", "127.0.0.1:5000/a:latest", "127.0.0.1:5000/a:latest"],
  ["[::1]:5000/a", "[::1]:5000/a:latest", "[::1]:5000/a:latest"],
  ["[2001:db8::1]/a/b:c", "[2001:db8::1]/a/b:c", "[2001:db8::1]/a/b:c"],
  ["xn--n3h.com/a", "xn--n3h.com/a:latest", "xn--n3h.com/a:latest"],
  ["a__b/c.d/e-f/g---h_i", "docker.io/a__b/c.d/e-f/g---h_i:latest", "a__b/c.d/e-f/g---h_i:latest"],
  ["a:_B.c-D", "docker.io/library/a:_B.c-D", "a:_B.c-D"],
  ["docker:24-dind", "docker.io/library/docker:24-dind", "docker:24-dind"],
  [`a@sha512:${hex}${hex}`, `docker.io/library/a@sha512:${hex}${hex}`, `a@sha512:${hex}${hex}`],
  [`a@blake3:${hex}`, `docker.io/library/a@blake3:${hex}`, `a@blake3:${hex}`],
  [hex.slice(0, 12), `docker.io/library/${hex.slice(0, 12)}:latest`, `${hex.slice(0, 12)}:latest`],
];

for (const [given, whole, familiar] of NORMALISED) {
  test(`${given} is read as Docker reads it`, () => {
    const name = parseDockerName(given);
    assert.equal(formatDockerName(name), whole);
    assert.equal(familiarName(name), familiar);
    assert.deepEqual(parseDockerName(whole), name);
    assert.deepEqual(parseDockerName(familiar), name);
    const reference = parseReference(given);
    assert.deepEqual(parseReference(`docker://${given}`), reference);
    assert.equal(formatReference(reference), `docker://${whole}`);
  });
}

for (const [why, given] of [
  ["nothing", ""],
  ["a scheme and nothing", "docker://"],
  ["64 hexadecimal digits", hex],
  ["a capital in the repository", "a/B"],
  ["a capital in a name without host", "Alpine"],
  ["an empty tag", "alpine:"],
  ["a tag of 129 characters", `alpine:${"a".repeat(129)}`],
  ["a tag that begins with a dash", "alpine:-a"],
  ["a tag before the slash", "alpine:3/b:c:d"],
  ["a digest that is cut short", `alpine@${digest.slice(0, -1)}`],
  ["a digest of few digits", "alpine@blake3:abc"],
  ["two digests", `alpine@${digest}@${digest}`],
  ["an empty part", "a//b"],
  ["a slash at the end", "a/b/"],
  ["a slash at the start", "/a/b"],
  ["a relative path", "./a"],
  ["a part that begins with a dash", "a/-b"],
  ["three underscores", "a/b___c"],
  ["two dots", "a/b..c"],
  ["a space", "a b"],
  ["a newline at the end", "alpine\n"],
  ["a port that is no number", "localhost:http/a"],
  ["a host that begins with a dash", "-a.com/b"],
  ["an address without brackets", "::1/a"],
  ["an address with a zone", "[fe80::1%eth0]/a"],
  ["a repository of 256 characters", `ghcr.io/${"a".repeat(256)}`],
  ["a URL", "https://ghcr.io/a/b"],
  ["an emoji", "a/💥"],
  ["a layout without a path", "oci:"],
  ["a layout whose tag has a space", "oci:out:a b"],
  ["a maker without anything to make", "apt:"],
  ["a directory without a path", "dir:"],
] as const) {
  test(`a reference of ${why} is refused with advice on usage`, () => {
    assert.throws(() => parseReference(given), { code: "INVALID_REFERENCE", kind: "usage" });
  });
}

const WITH_SCHEME: readonly (readonly [string, Reference])[] = [
  ["oci:out", { scheme: "oci", path: "out" }],
  ["oci:./out/x:v1", { scheme: "oci", path: "./out/x", tag: "v1" }],
  ["oci:out:ghcr.io/a/b:v1", { scheme: "oci", path: "out", tag: "ghcr.io/a/b:v1" }],
  [`oci:out@${digest}`, { scheme: "oci", path: "out", digest: parseDockerName(`a@${digest}`).digest }],
  [
    `oci:a@b/out:v1@${digest}`,
    { scheme: "oci", path: "a@b/out", tag: "v1", digest: parseDockerName(`a@${digest}`).digest },
  ],
  ["oci-archive:/tmp/a.tar:v1", { scheme: "oci-archive", path: "/tmp/a.tar", tag: "v1" }],
  ["docker-archive:a.tar", { scheme: "docker-archive", path: "a.tar" }],
  ["docker-archive:a.tar:alpine:3", { scheme: "docker-archive", path: "a.tar", tag: "alpine:3" }],
  ["docker-archive:a.tar:@1", { scheme: "docker-archive", path: "a.tar", tag: "@1" }],
  ["docker-daemon:alpine", { scheme: "docker-daemon", name: "docker.io/library/alpine", tag: "latest" }],
  [`docker-daemon:${digest}`, { scheme: "docker-daemon", name: digest }],
  ["store:a/b:c", { scheme: "store", name: "docker.io/a/b", tag: "c" }],
  ["dir:/a:b", { scheme: "dir", path: "/a:b" }],
  ["apt:curl=7.88.1-10+deb12u8/jq:bookworm", { scheme: "apt", rest: "curl=7.88.1-10+deb12u8/jq:bookworm" }],
  ["flatten:estargz:docker://redis", { scheme: "flatten", rest: "estargz:docker://redis" }],
  ["git:github.com/a/b:main", { scheme: "git", rest: "github.com/a/b:main" }],
];

for (const [given, expected] of WITH_SCHEME) {
  test(`${given} is taken apart, and its text reads back as the same`, () => {
    assert.deepEqual(parseReference(given), expected);
    assert.deepEqual(parseReference(formatReference(expected)), expected);
  });
}

test("a known scheme comes first: an image of that name is written with docker://", () => {
  assert.deepEqual(parseReference("store:1"), {
    scheme: "store",
    name: "docker.io/library/1",
    tag: "latest",
  });
  assert.equal(formatReference(parseReference("docker://store:1")), "docker://docker.io/library/store:1");
});

const label = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,5}[a-z0-9])?$/);
const component = fc.stringMatching(/^[a-z0-9]{1,4}((\.|_|__|-{1,3})[a-z0-9]{1,4}){0,2}$/);
const host = fc.oneof(
  fc.tuple(label, label).map((parts) => parts.join(".")),
  fc.tuple(label, fc.integer({ min: 1, max: 65535 })).map(([name, port]) => `${name}:${port}`),
  fc
    .ipV6()
    .map((address) => `[${address}]:80`)
    .filter((text) => !text.includes(".")),
);
const tag = fc.stringMatching(/^[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/);
const anyDigest = fc.stringMatching(/^sha256:[0-9a-f]{64}$/);
const path = fc.stringMatching(/^[A-Za-z0-9_@. /-]{1,20}$/);
const selector = fc
  .tuple(fc.option(tag), fc.option(anyDigest))
  .map(([name, hash]) => `${name === null ? "" : `:${name}`}${hash === null ? "" : `@${hash}`}`);
const reference = fc.oneof(
  fc
    .tuple(fc.option(host), fc.array(component, { minLength: 1, maxLength: 4 }), selector)
    .map(([name, parts, rest]) => `docker://${name === null ? "" : `${name}/`}${parts.join("/")}${rest}`),
  fc
    .tuple(fc.constantFrom("oci", "oci-archive"), path, anyDigest)
    .map(([scheme, place, hash]) => `${scheme}:${place}@${hash}`),
  fc
    .tuple(fc.constantFrom("docker-daemon", "store"), component, selector)
    .map(([scheme, name, rest]) => `${scheme}:${name}${rest}`),
  fc
    .tuple(fc.constantFrom(...MAKER_SCHEMES), fc.string({ minLength: 1 }))
    .map(([scheme, rest]) => `${scheme}:${rest}`),
);

test("what is formatted parses to the same reference, for every scheme", () => {
  fc.assert(
    fc.property(reference, (text) => {
      fc.pre(!/^docker:\/\/[0-9a-f]{64}$/.test(text));
      // A first part with a dot is a host, and a host has no underscore.
      const first = text.replace(/^docker:\/\//, "").split("/")[0] ?? "";
      fc.pre(!(first.includes("_") && first.includes(".")));
      const parsed = parseReference(text);
      assert.deepEqual(parseReference(formatReference(parsed)), parsed);
    }),
  );
});

test("any text gives a reference that reads back, or a refusal", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[a-zA-Z:@/.\-0-9[\]_]{0,40}$/)), (text) => {
      let parsed: Reference;
      try {
        parsed = parseReference(text);
      } catch (error) {
        assert.equal(error instanceof Error && "code" in error ? error.code : undefined, "INVALID_REFERENCE");
        return;
      }
      assert.deepEqual(parseReference(formatReference(parsed)), parsed);
    }),
  );
});
