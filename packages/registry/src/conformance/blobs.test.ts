import assert from "node:assert/strict";
import { digestOf, everywhere, refused, someBytes } from "./visitor.test.ts";

const SIZE = 2048;

const RANGES: readonly (readonly [header: string, first: number, last: number])[] = [
  ["bytes=500-1499", 500, 1499],
  ["bytes=500-", 500, 2047],
  ["bytes=-500", 1548, 2047],
  ["bytes=2000-5000", 2000, 2047],
  ["bytes=0-0", 0, 0],
  ["bytes=-5000", 0, 2047],
];

for (const [header, first, last] of RANGES) {
  everywhere(`${header} of ${SIZE} bytes is ${first} to ${last}`, async (visitor) => {
    const bytes = someBytes(SIZE);
    const path = `/v2/a/b/blobs/${await visitor.pushBlob("a/b", bytes)}`;
    const answer = await visitor.ask("GET", path, { headers: { Range: header } });
    assert.equal(answer.status, 206);
    assert.equal(answer.headers["content-range"], `bytes ${first}-${last}/${SIZE}`);
    assert.equal(answer.headers["content-length"], String(last - first + 1));
    assert.ok(answer.body.equals(bytes.subarray(first, last + 1)));
  });
}

for (const header of ["bytes=500-0", "bytes=5000-10000", "bytes=2048-", "bytes=-0"]) {
  everywhere(`${header} of ${SIZE} bytes cannot be had`, async (visitor) => {
    const path = `/v2/a/b/blobs/${await visitor.pushBlob("a/b", someBytes(SIZE))}`;
    const answer = await visitor.ask("GET", path, { headers: { Range: header } });
    refused(answer, 416, "SIZE_INVALID");
    assert.equal(answer.headers["content-range"], `bytes */${SIZE}`);
  });
}

for (const header of ["bytes=0-1,5-6", "lines=1-2", "bytes=-", "bytes=a-b"]) {
  everywhere(`${header} is answered with the whole`, async (visitor) => {
    const bytes = someBytes(SIZE);
    const path = `/v2/a/b/blobs/${await visitor.pushBlob("a/b", bytes)}`;
    const answer = await visitor.ask("GET", path, { headers: { Range: header } });
    assert.equal(answer.status, 200);
    assert.ok(answer.body.equals(bytes));
  });
}

everywhere("no byte of the empty blob can be had", async (visitor) => {
  const path = `/v2/a/b/blobs/${await visitor.pushBlob("a/b", "")}`;
  refused(await visitor.ask("GET", path, { headers: { Range: "bytes=0-" } }), 416, "SIZE_INVALID");
});

everywhere("a range holds only for the content that the client means", async (visitor) => {
  const digest = await visitor.pushBlob("a/b", someBytes(SIZE));
  const ask = async (ifRange: string): Promise<number> => {
    const headers = { Range: "bytes=0-9", "If-Range": ifRange };
    return (await visitor.ask("GET", `/v2/a/b/blobs/${digest}`, { headers })).status;
  };
  assert.equal(await ask(`"${digest}"`), 206);
  assert.equal(await ask('"another"'), 200);
});

everywhere("a blob that the client has is not sent again", async (visitor) => {
  const digest = await visitor.pushBlob("a/b", someBytes(SIZE));
  const headers = { "If-None-Match": `"x", W/"${digest}"` };
  const answer = await visitor.ask("GET", `/v2/a/b/blobs/${digest}`, { headers });
  assert.equal(answer.status, 304);
  assert.equal(answer.body.byteLength, 0);
});

everywhere("a blob of several pieces comes whole, and in parts that cross their borders", async (visitor) => {
  const bytes = someBytes(5 * 1024 * 1024 + 123);
  const path = `/v2/a/b/blobs/${await visitor.pushBlob("a/b", bytes)}`;
  assert.ok((await visitor.ask("GET", path)).body.equals(bytes));
  const part = await visitor.ask("GET", path, { headers: { Range: "bytes=1048570-4194310" } });
  assert.ok(part.body.equals(bytes.subarray(1048570, 4194311)));
});

everywhere("a missing blob is unknown, to every method", async (visitor) => {
  const path = `/v2/a/b/blobs/${digestOf("missing")}`;
  refused(await visitor.ask("GET", path), 404, "BLOB_UNKNOWN");
  refused(await visitor.ask("DELETE", path), 404, "BLOB_UNKNOWN");
  const head = await visitor.ask("HEAD", path);
  assert.equal(head.status, 404);
  assert.equal(head.body.byteLength, 0);
});

everywhere("a blob is there only where it was pushed", async (visitor) => {
  const digest = await visitor.pushBlob("a/b", someBytes(SIZE));
  assert.equal((await visitor.ask("HEAD", `/v2/a/c/blobs/${digest}`)).status, 404);
  assert.equal((await visitor.ask("HEAD", `/v2/a/blobs/${digest}`)).status, 404);
});

everywhere("a deleted blob is gone at once, and stays with its other repositories", async (visitor) => {
  const bytes = someBytes(SIZE);
  const digest = await visitor.pushBlob("a/b", bytes);
  await visitor.pushBlob("a/c", bytes);
  assert.equal((await visitor.ask("DELETE", `/v2/a/b/blobs/${digest}`)).status, 202);
  assert.equal((await visitor.ask("HEAD", `/v2/a/b/blobs/${digest}`)).status, 404);
  refused(await visitor.ask("DELETE", `/v2/a/b/blobs/${digest}`), 404, "BLOB_UNKNOWN");
  assert.ok((await visitor.ask("GET", `/v2/a/c/blobs/${digest}`)).body.equals(bytes));
  assert.equal((await visitor.ask("DELETE", `/v2/a/c/blobs/${digest}`)).status, 202);
  assert.equal(await visitor.pushBlob("a/b", bytes), digest, "it can be pushed again");
});

everywhere("a malformed digest is told apart from a missing blob", async (visitor) => {
  for (const digest of [
    "sha256:bad",
    "sha256",
    `sha256:${"A".repeat(64)}`,
    `md5:${"a".repeat(32)}`,
    "..",
    "sha256:..%2f..",
  ]) {
    // oxlint-disable-next-line no-await-in-loop
    const answer = await visitor.ask("GET", `/v2/a/b/blobs/${digest}`);
    refused(
      answer,
      digest.includes("%2f") ? 404 : 400,
      digest.includes("%2f") ? "UNSUPPORTED" : "DIGEST_INVALID",
    );
  }
});
