import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { test } from "node:test";
import { formatNixHash } from "../store/hash.ts";
import { parseCacheInfo } from "./cache-info.ts";
import { parseNarinfo } from "./narinfo.ts";
import { checkSignature, fingerprint, parsePublicKeys } from "./signature.ts";

const HASH = "9vy9flqck80nakzd4scds013x06x668w";
const OTHER = "hdglp83rkwk5zq9126pgya1jcsd9asi0";
const NAR_HASH = formatNixHash("ab".repeat(32));
const TEXT = `StorePath: /nix/store/${HASH}-a-1.0
URL: nar/x.nar.xz
Compression: xz
FileHash: ${NAR_HASH}
FileSize: 10
NarHash: ${NAR_HASH}
NarSize: 20
References: ${OTHER}-b-2 ${HASH}-a-1.0
Deriver: ${OTHER}-a-1.0.drv
System: x86_64-linux
`;

const pair = generateKeyPairSync("ed25519");
const { x = "" } = pair.publicKey.export({ format: "jwk" });
const PUBLIC = Buffer.from(x, "base64url").toString("base64");

function signed(text: string, name = "mine-1"): string {
  const signature = sign(null, Buffer.from(fingerprint(parseNarinfo(text, "a"))), pair.privateKey);
  return `${text}Sig: ${name}:${signature.toString("base64")}\n`;
}

function checking(text: string, keys = `mine-1:${PUBLIC}`): string {
  try {
    return checkSignature(parseNarinfo(text, "a"), parsePublicKeys(keys));
  } catch (error) {
    return error instanceof Error && "code" in error ? String(error.code) : String(error);
  }
}

test("a narinfo is read, with what cannot be known left out", () => {
  const narinfo = parseNarinfo(TEXT, "a");
  assert.equal(narinfo.narHash, `sha256:${"ab".repeat(32)}`);
  assert.deepEqual([narinfo.fileSize, narinfo.narSize, narinfo.compression], [10, 20, "xz"]);
  assert.deepEqual(
    narinfo.references.map(({ name }) => name),
    ["b-2", "a-1.0"],
  );
  const least = TEXT.replace(/^(?:Compression|FileHash|FileSize|References|Deriver|System):.*\n/gmu, "");
  const bare = parseNarinfo(least, "a");
  assert.deepEqual(
    [bare.compression, bare.fileHash, bare.references, bare.deriver],
    ["bzip2", undefined, [], undefined],
  );
});

test("a narinfo that makes no sense is refused, with what is wrong in it", () => {
  for (const [change, message] of [
    [TEXT.replace(/^NarHash.*\n/mu, ""), /there is no NarHash/],
    [TEXT.replace("NarSize: 20", "NarSize: 0"), /NarSize: 0 cannot be read/],
    [TEXT.replace("NarSize: 20", `NarSize: ${2 ** 50}`), /NarSize/],
    [TEXT.replace("NarHash: sha256", "NarHash: md5"), /NarHash/],
    [TEXT.replace(`${OTHER}-b-2`, "../../etc/passwd"), /References/],
    [TEXT.replace("/nix/store", "/nix/elsewhere"), /StorePath/],
    [`${TEXT}NarSize: 30\n`, /NarSize stands there twice/],
    [`${TEXT}no field\n`, /line 11, "no field", is no field/],
  ] as const) {
    assert.throws(() => parseNarinfo(change, "a"), { code: "INDEX_INVALID", message });
  }
});

test("an archive's address lies below its cache", () => {
  for (const url of ["nar/a.nar", "nar/a.nar.zst?hash=x", "a..b.nar"]) {
    assert.equal(parseNarinfo(TEXT.replace("nar/x.nar.xz", url), "a").url, url);
  }
  for (const url of [
    "http://elsewhere/nar",
    "//elsewhere/nar",
    "/etc/passwd",
    "../nar/x",
    "nar/../../x",
    "nar/%2e%2E/x",
    "nar/..%2Fx",
    "nar/x#y",
    "nar\\x",
    "nar/x y",
  ]) {
    assert.throws(() => parseNarinfo(TEXT.replace("nar/x.nar.xz", url), "a"), /URL/, url);
  }
});

test("a narinfo that a trusted key has signed is taken; one such key suffices", () => {
  assert.equal(checking(signed(TEXT)), "mine-1");
  assert.equal(checking(`${signed(TEXT)}Sig: theirs-1:${Buffer.alloc(64).toString("base64")}\n`), "mine-1");
  const other = Buffer.alloc(32, 9).toString("base64");
  assert.equal(checking(signed(TEXT), `mine-1:${other}\n mine-1:${PUBLIC}`), "mine-1");
});

test("whatever is signed cannot be changed, and what is not can", () => {
  const text = signed(TEXT);
  for (const [from, to] of [
    ["NarSize: 20", "NarSize: 21"],
    [`NarHash: ${NAR_HASH}`, `NarHash: ${formatNixHash("ac".repeat(32))}`],
    [`${HASH}-a-1.0\nURL`, `${OTHER}-a-1.0\nURL`],
    [`References: ${OTHER}-b-2 `, "References: "],
    ["-b-2 ", "-b-3 "],
  ] as const) {
    assert.equal(checking(text.replace(from, to)), "SIGNATURE_INVALID", from);
  }
  assert.equal(
    checking(text.replace("nar/x.nar.xz", "nar/y.nar").replace("Deriver: h", "Deriver: g")),
    "mine-1",
  );
});

test("a narinfo without a signature, with another's, or with another key under its name is refused", () => {
  assert.equal(checking(TEXT), "INDEX_UNSIGNED");
  assert.equal(checking(`${TEXT}Sig: mine-1\n`), "INDEX_UNSIGNED");
  assert.equal(checking(signed(TEXT, "theirs-1")), "KEY_UNKNOWN");
  assert.equal(
    checking(signed(TEXT), `mine-1:${Buffer.alloc(32, 9).toString("base64")}`),
    "SIGNATURE_INVALID",
  );
  assert.equal(checking(signed(TEXT), ""), "KEY_UNKNOWN");
  assert.equal(checking(signed(TEXT), "mine-1:short"), "KEY_INVALID");
});

test("a cache says how soon it is asked, and of which store it is", () => {
  assert.deepEqual(parseCacheInfo("StoreDir: /nix/store\nWantMassQuery: 1\nPriority: 40\n", "c"), {
    priority: 40,
  });
  assert.deepEqual(parseCacheInfo("StoreDir: /nix/store", "c"), { priority: 50 });
  for (const text of ["StoreDir: /gnu/store\n", "<html>", ""]) {
    assert.throws(() => parseCacheInfo(text, "c"), { code: "REPOSITORY_INVALID" });
  }
});
