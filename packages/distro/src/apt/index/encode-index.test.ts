import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, globSync } from "node:fs";
import { test } from "node:test";
import * as fc from "fast-check";
import { DistroError } from "../../errors.ts";
import { encodedSlowly } from "./encode-index.fixture.ts";
import { IndexEncoder } from "./encode-index.ts";

/** Opens what apt keeps, however it is compressed. */
const APT_HELPER = "/usr/lib/apt/apt-helper";
/** What an index is made of, and what breaks one: each may stand behind each. */
const PIECES = [
  "Package: curl\n",
  "Package: libstdc++6\r\n",
  "package:a\n",
  "PACKAGE: \t libc6 \n",
  "Package: " + "long-".repeat(40) + "name\n",
  "Version: 1\n",
  "Maintainer: Somebody\n",
  "Description: one\n two\n\tthree\n",
  "Multi-Arch: allowed\n",
  "Multi-Arch:  allowed \r\n",
  "Multi-Arch: same\n",
  "Provides: python (= 3.11), b:any | c,\n d\n",
  "Provides: " + "p".repeat(15) + "," + "p".repeat(16) + "," + "p".repeat(17) + "\n",
  "Depends: libc6 (>= 2.34), a|b:any (<< 1) x, c\n",
  "Depends: (a, b\n",
  "Pre-Depends:\n",
  "Enhances: e, f g\n",
  "Conflicts: c,\n# not, these (\n d)\n",
  "Suggests: ümlaut, \u{0}nul\n",
  "# a comment\n",
  "#\n",
  "\n",
  "\n",
  "\n\n",
  "\r\n",
  " continues\n",
  "no field\n",
  "Package: ../etc\n",
  "Installed-Size-of-a-very-long-field: 1\n",
  ":\n",
  "Size\0: 1\n",
  "\r",
  " ",
  "X",
];
const INDEX = `Package: curl
Depends: libc6 (>= 2.34), libcurl4 (= 8.1) | libcurl5:any,
 zlib1g

Package: python3
Multi-Arch: allowed
Maintainer: Somebody
Provides: python (= 3.11)\r
\r
# a comment

Package: curl
Version: 8.2`;

test("an index of odd pieces is parsed as it is slowly, and refused for the same byte", () => {
  const pieces = fc.array(fc.constantFrom(...PIECES), { maxLength: 24 });
  fc.assert(
    fc.property(pieces, fc.integer({ min: 1, max: 40 }), (parts, length) => {
      const content = Buffer.from(parts.join(""));
      assert.deepEqual(
        result(() => encoded(content, length)),
        result(() => encodedSlowly(content)),
      );
    }),
    { numRuns: 1000 },
  );
});

test("bytes of any kind are parsed as they are slowly", () => {
  const code = fc.constantFrom(...Buffer.from("aZ09.:,|()# \t\n\n\n\r\0\xff", "latin1"));
  fc.assert(
    fc.property(fc.array(code, { maxLength: 60 }), fc.integer({ min: 1, max: 60 }), (codes, length) => {
      const content = Buffer.concat([Buffer.from("Package: a\nDepends: "), Buffer.from(codes)]);
      assert.deepEqual(
        result(() => encoded(content, length)),
        result(() => encodedSlowly(content)),
      );
    }),
    { numRuns: 2000 },
  );
});

test("an index may be cut in two at each byte", () => {
  const content = Buffer.from(INDEX);
  const whole = encodedSlowly(content);
  for (let at = 0; at <= content.length; at++) {
    const encoder = new IndexEncoder();
    encoder.add(content.subarray(0, at));
    encoder.add(content.subarray(at));
    assert.ok(encoder.finish().equals(whole), `cut at ${at}`);
  }
});

test("an index is the same whether its size was known, unknown, or told wrong", () => {
  const paragraphs = Array.from({ length: 30_000 }, (_, at) =>
    INDEX.replaceAll("zlib1g", `lib${at}`).replaceAll("Somebody", "x".repeat(at % 50)),
  );
  const content = Buffer.from(paragraphs.join("\n\n"));
  const whole = encodedSlowly(content);
  for (const size of [undefined, 0, 1, content.length, content.length * 2]) {
    assert.ok(encoded(content, 1_000_000, size).equals(whole), `${size}`);
  }
});

test("one paragraph may be longer than all memory that is taken at first", () => {
  const names = Array.from({ length: 100_000 }, (_, at) => `name${at}`);
  const content = Buffer.from(`Package: a\nProvides: ${names.join(", ")}\nMulti-Arch: allowed\n`);
  assert.ok(encoded(content, 100_000).equals(encodedSlowly(content)));
});

test("an index with more packages than there can be is refused", () => {
  const encoder = new IndexEncoder();
  const some = Buffer.from("Package: a\n\n".repeat(100_000));
  for (let at = 0; at < 20; at++) encoder.add(some);
  assert.throws(() => encoder.add(Buffer.from("Package: a\n\n")), { code: "INDEX_TOO_LARGE" });
});

test("an index that needs more memory than there is is refused", () => {
  const program = `
    import { IndexEncoder } from ${JSON.stringify(new URL("encode-index.ts", import.meta.url).href)};
    const encoder = new IndexEncoder();
    const some = Buffer.from("Package: a\\nDescription: " + "x".repeat(1_000_000) + "\\n\\n");
    try {
      for (let at = 0; at < 100; at++) encoder.add(some);
    } catch (error) {
      console.log(error.code);
    }`;
  // 64 MiB.
  const options = ["--conditions=@cooper/source", "--wasm-max-mem-pages=1024", "--input-type=module"];
  const said = execFileSync(process.execPath, [...options, "--eval", program], { encoding: "utf8" });
  assert.equal(said, "INDEX_TOO_LARGE\n");
});

test("the indexes of this machine's mirror are parsed as they are slowly", (context) => {
  const files = globSync("/var/lib/apt/lists/*_Packages*");
  if (files.length === 0 || !existsSync(APT_HELPER)) {
    context.skip("SKIPPED: apt has no index here: apt-get update fetches it");
    return;
  }
  for (const file of files) {
    const content = execFileSync(APT_HELPER, ["cat-file", file], { maxBuffer: 2 ** 30 });
    assert.ok(encoded(content, 1_000_000, content.length).equals(encodedSlowly(content)), file);
  }
});

function encoded(content: Buffer, pieces: number, size?: number): Buffer {
  const encoder = new IndexEncoder(size);
  for (let at = 0; at < content.length; at += pieces) encoder.add(content.subarray(at, at + pieces));
  return encoder.finish();
}

/** What came of it: the file's bytes, or which byte is invalid. */
function result(encode: () => Buffer): string {
  try {
    return encode().toString("latin1");
  } catch (error) {
    if (!(error instanceof DistroError)) throw error;
    return `${error.code} ${JSON.stringify(error.fields)}`;
  }
}
