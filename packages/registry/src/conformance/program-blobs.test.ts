// What the official conformance program asks of blobs, in its order and by its names, of the service as an
// operator runs it: https://github.com/opencontainers/distribution-spec/tree/main/conformance
import assert from "node:assert/strict";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";
import { startService } from "../serve/service.fixture.ts";
import { closing, digestOf, located, OCI_INDEX, someBytes, visitorOf } from "./visitor.test.ts";
import type { Answer, Visitor } from "./visitor.test.ts";

const REPOSITORY = "conformance/repo1";
const OTHER = "conformance/repo2";
const OCTETS = { "Content-Type": "application/octet-stream" };

async function open(t: TestContext): Promise<Visitor> {
  return visitorOf(t, (await startService(t, { references: "any" })).url);
}

type Push = (visitor: Visitor, bytes: Buffer, digest: string) => Promise<Answer>;

/** All ways to push a blob; each gives the last answer. */
const PUSHES: Readonly<Record<string, Push>> = {
  "post only": async (visitor, body, digest) =>
    await visitor.ask("POST", `/v2/${REPOSITORY}/blobs/uploads/?digest=${encodeURIComponent(digest)}`, {
      body,
      headers: OCTETS,
    }),
  "post+put": async (visitor, body, digest) =>
    await visitor.ask("PUT", closing(await visitor.start(REPOSITORY), digest), { body, headers: OCTETS }),
  "chunked single": async (visitor, body, digest) =>
    await pushChunks(visitor, body, digest, { size: body.byteLength, last: "patch", order: "right" }),
  "chunked multi": async (visitor, body, digest) =>
    await pushChunks(visitor, body, digest, { size: 1024, last: "patch", order: "right" }),
  "chunked multi and put chunk": async (visitor, body, digest) =>
    await pushChunks(visitor, body, digest, { size: 1024, last: "put", order: "right" }),
  "chunked out-of-order": async (visitor, body, digest) =>
    await pushChunks(visitor, body, digest, { size: 1024, last: "patch", order: "wrong first" }),
  "chunked out-of-order and put chunk": async (visitor, body, digest) =>
    await pushChunks(visitor, body, digest, { size: 1024, last: "put", order: "wrong first" }),
  stream: async (visitor, body, digest) => {
    const location = await visitor.start(REPOSITORY);
    const patched = await visitor.ask("PATCH", location, { body, framing: "chunked", headers: OCTETS });
    assert.equal(patched.status, 202);
    return await visitor.ask("PUT", closing(located(patched), digest), { headers: OCTETS });
  },
};

interface Chunking {
  readonly size: number;
  /** Whether the last chunk comes with the PUT that closes the upload. */
  readonly last: "patch" | "put";
  /** Whether each chunk is preceded by one that does not come next. */
  readonly order: "right" | "wrong first";
}

async function pushChunks(
  visitor: Visitor,
  bytes: Buffer,
  digest: string,
  { size, last, order }: Chunking,
): Promise<Answer> {
  let location = await visitor.start(REPOSITORY);
  for (let start = 0; start < bytes.byteLength; start += size) {
    const end = Math.min(start + size, bytes.byteLength);
    if (order === "wrong first" && bytes.byteLength > size) {
      const wrong = start + size >= bytes.byteLength ? 0 : start + size;
      const wrongEnd = Math.min(wrong + size, bytes.byteLength);
      const isPut = last === "put" && wrongEnd === bytes.byteLength;
      const target = isPut ? closing(location, digest) : location;
      // oxlint-disable-next-line no-await-in-loop
      const refused = await visitor.ask(isPut ? "PUT" : "PATCH", target, {
        body: bytes.subarray(wrong, wrongEnd),
        headers: { ...OCTETS, "Content-Range": `${wrong}-${wrongEnd - 1}` },
      });
      assert.equal(refused.status, 416, `${wrong}-${wrongEnd - 1} after ${start}`);
      assert.ok(refused.headers.range);
      // oxlint-disable-next-line no-await-in-loop
      const status = await visitor.ask("GET", target);
      assert.equal(status.status, 204);
      if (start > 0) assert.equal(status.headers.range, `0-${start - 1}`);
      location = located(status);
    }
    const isPut = last === "put" && end === bytes.byteLength;
    // oxlint-disable-next-line no-await-in-loop
    const answer = await visitor.ask(isPut ? "PUT" : "PATCH", isPut ? closing(location, digest) : location, {
      body: bytes.subarray(start, end),
      headers: { ...OCTETS, "Content-Range": `${start}-${end - 1}` },
    });
    if (isPut) return answer;
    assert.equal(answer.status, 202);
    location = located(answer);
  }
  return await visitor.ask("PUT", closing(location, digest), { headers: OCTETS });
}

async function assertPushed(visitor: Visitor, answer: Answer, bytes: Buffer, digest: string): Promise<void> {
  assert.equal(answer.status, 201, answer.body.toString());
  assert.equal(answer.headers["docker-content-digest"], digest);
  assert.ok((await visitor.ask("GET", located(answer))).body.equals(bytes), "Location leads to the blob");
}

async function assertBlob(visitor: Visitor, bytes: Buffer, digest: string): Promise<void> {
  for (const method of ["HEAD", "GET"]) {
    // oxlint-disable-next-line no-await-in-loop
    const answer = await visitor.ask(method, `/v2/${REPOSITORY}/blobs/${digest}`);
    assert.equal(answer.status, 200);
    assert.equal(answer.headers["content-length"], String(bytes.byteLength));
    assert.equal(answer.headers["docker-content-digest"], digest);
    assert.ok(answer.body.equals(method === "GET" ? bytes : Buffer.alloc(0)));
  }
}

async function assertDeleted(visitor: Visitor, path: string): Promise<void> {
  assert.equal((await visitor.ask("DELETE", path)).status, 202);
  assert.equal((await visitor.ask("HEAD", path)).status, 404, "it is gone at once");
}

suite("conformance: an empty repository", () => {
  test("ping, tags and referrers", async (t) => {
    const visitor = await open(t);
    assert.equal((await visitor.ask("GET", "/v2/")).status, 200);
    assert.equal((await visitor.ask("GET", `/v2/${REPOSITORY}/tags/list`)).status, 404);
    const referrers = await visitor.ask("GET", `/v2/${REPOSITORY}/referrers/${digestOf("nothing")}`);
    assert.equal(referrers.status, 200);
    assert.equal(referrers.headers["content-type"], OCI_INDEX);
    const index: Record<string, unknown> = JSON.parse(referrers.body.toString());
    assert.deepEqual(index, { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [] });
  });
});

for (const algorithm of ["sha256", "sha512"]) {
  suite(`conformance: ${algorithm} blobs`, () => {
    for (const [name, push] of Object.entries(PUSHES)) {
      test(name, async (t) => {
        const visitor = await open(t);
        const bytes = someBytes(name.includes("multi") || name.includes("order") ? 3 * 1024 - 5 : 512);
        const digest = digestOf(bytes, algorithm);
        await assertPushed(visitor, await push(visitor, bytes, digest), bytes, digest);
        await assertBlob(visitor, bytes, digest);
        await assertDeleted(visitor, `/v2/${REPOSITORY}/blobs/${digest}`);
      });

      test(`bad digest ${name}`, async (t) => {
        const visitor = await open(t);
        const bytes = someBytes(3 * 1024 - 5);
        const digest = digestOf(Buffer.concat([bytes, Buffer.from("oh no")]), algorithm);
        assert.equal((await push(visitor, bytes, digest)).status, 400);
        assert.equal((await visitor.ask("HEAD", `/v2/${REPOSITORY}/blobs/${digest}`)).status, 404);
      });
    }

    for (const [name, bytes] of [
      ["empty", Buffer.alloc(0)],
      ["emptyJSON", Buffer.from("{}")],
    ] as const) {
      test(name, async (t) => {
        const visitor = await open(t);
        const digest = digestOf(bytes, algorithm);
        for (const push of Object.values(PUSHES)) {
          // oxlint-disable-next-line no-await-in-loop
          await assertPushed(visitor, await push(visitor, bytes, digest), bytes, digest);
          // oxlint-disable-next-line no-await-in-loop
          await assertBlob(visitor, bytes, digest);
          // oxlint-disable-next-line no-await-in-loop
          await assertDeleted(visitor, `/v2/${REPOSITORY}/blobs/${digest}`);
        }
      });
    }

    for (const [name, query] of [
      ["mount", `&from=${OTHER}`],
      ["mount anonymous", ""],
    ] as const) {
      test(name, async (t) => {
        const visitor = await open(t);
        const bytes = someBytes(512);
        const digest = await visitor.pushBlob(OTHER, bytes, algorithm);
        const mounted = await visitor.ask(
          "POST",
          `/v2/${REPOSITORY}/blobs/uploads/?mount=${encodeURIComponent(digest)}${query}`,
        );
        await assertPushed(visitor, mounted, bytes, digest);
        await assertBlob(visitor, bytes, digest);
      });
    }

    test("mount missing", async (t) => {
      const visitor = await open(t);
      const bytes = someBytes(512);
      const digest = digestOf(bytes, algorithm);
      const started = await visitor.ask(
        "POST",
        `/v2/${REPOSITORY}/blobs/uploads/?mount=${encodeURIComponent(digest)}&from=${OTHER}`,
      );
      assert.equal(started.status, 202);
      const put = await visitor.ask("PUT", closing(located(started), digest), { body: bytes });
      await assertPushed(visitor, put, bytes, digest);
    });

    test("post cancel", async (t) => {
      const visitor = await open(t);
      const location = await visitor.start(REPOSITORY);
      assert.equal((await visitor.ask("DELETE", location)).status, 204);
      assert.equal((await visitor.ask("GET", location)).status, 404);
    });

    test("range requests, and what is missing", async (t) => {
      const visitor = await open(t);
      const bytes = someBytes(2048);
      const missing = `/v2/${REPOSITORY}/blobs/${digestOf("missing", algorithm)}`;
      assert.equal((await visitor.ask("GET", missing)).status, 404);
      const path = `/v2/${REPOSITORY}/blobs/${await visitor.pushBlob(REPOSITORY, bytes, algorithm)}`;
      for (const [range, first, last] of [
        ["500-1499", 500, 1499],
        ["500-", 500, 2047],
        ["-500", 1548, 2047],
        ["2000-5000", 2000, 2047],
      ] as const) {
        // oxlint-disable-next-line no-await-in-loop
        const answer = await visitor.ask("GET", path, { headers: { Range: `bytes=${range}` } });
        assert.equal(answer.status, 206, range);
        assert.equal(answer.headers["content-range"], `bytes ${first}-${last}/2048`);
        assert.equal(answer.headers["content-length"], String(last - first + 1));
        assert.ok(answer.body.equals(bytes.subarray(first, last + 1)));
      }
      for (const range of ["500-0", "5000-10000"]) {
        // oxlint-disable-next-line no-await-in-loop
        assert.equal((await visitor.ask("GET", path, { headers: { Range: `bytes=${range}` } })).status, 416);
      }
    });
  });
}
