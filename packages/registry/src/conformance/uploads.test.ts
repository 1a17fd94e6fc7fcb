import assert from "node:assert/strict";
import { connect } from "node:net";
import { closing, digestOf, everywhere, located, refused, someBytes, until } from "./visitor.test.ts";
import type { Visitor } from "./visitor.test.ts";

const CHUNK = 1000;

/** The ways to push a blob of the specification; each gives the last answer. */
const WAYS = {
  "in one POST": async (visitor: Visitor, bytes: Buffer, digest: string) =>
    await visitor.ask("POST", `/v2/a/b/blobs/uploads/?digest=${digest}`, { body: bytes }),
  "by POST and PUT": async (visitor, bytes, digest) =>
    await visitor.ask("PUT", closing(await visitor.start("a/b"), digest), { body: bytes }),
  "in one chunk": async (visitor, bytes, digest) => await pushChunks(visitor, [bytes], digest, "PATCH"),
  "in three chunks": async (visitor, bytes, digest) =>
    await pushChunks(visitor, inThree(bytes), digest, "PATCH"),
  "in chunks of which the last is in the PUT": async (visitor, bytes, digest) =>
    await pushChunks(visitor, inThree(bytes), digest, "PUT"),
  "as a stream without Content-Range": async (visitor, bytes, digest) => {
    const patched = await visitor.ask("PATCH", await visitor.start("a/b"), { body: bytes });
    assert.equal(patched.status, 202);
    return await visitor.ask("PUT", closing(located(patched), digest));
  },
  "as a stream of unknown length": async (visitor, bytes, digest) => {
    const patched = await visitor.ask("PATCH", await visitor.start("a/b"), {
      body: bytes,
      framing: "chunked",
    });
    assert.equal(patched.status, 202);
    return await visitor.ask("PUT", closing(located(patched), digest));
  },
  "with the algorithm announced": async (visitor, bytes, digest) => {
    const location = await visitor.start("a/b", `?digest-algorithm=${digest.split(":")[0] ?? ""}`);
    return await visitor.ask("PUT", closing(location, digest), { body: bytes });
  },
} satisfies Record<string, (visitor: Visitor, bytes: Buffer, digest: string) => ReturnType<Visitor["ask"]>>;

function inThree(bytes: Buffer): readonly Buffer[] {
  const third = Math.ceil(bytes.byteLength / 3);
  return [bytes.subarray(0, third), bytes.subarray(third, 2 * third), bytes.subarray(2 * third)];
}

function contentRange(offset: number, bytes: Buffer): string {
  return `${offset}-${offset + bytes.byteLength - 1}`;
}

async function pushChunks(
  visitor: Visitor,
  chunks: readonly Buffer[],
  digest: string,
  last: "PATCH" | "PUT",
): ReturnType<Visitor["ask"]> {
  let location = await visitor.start("a/b");
  let offset = 0;
  const patches = last === "PATCH" ? chunks : chunks.slice(0, -1);
  for (const chunk of patches) {
    const headers = { "Content-Range": contentRange(offset, chunk) };
    // oxlint-disable-next-line no-await-in-loop
    const answer = await visitor.ask("PATCH", location, { headers, body: chunk });
    offset += chunk.byteLength;
    assert.equal(answer.status, 202, answer.body.toString());
    assert.equal(answer.headers.range, `0-${offset - 1}`);
    location = located(answer);
  }
  const rest = last === "PUT" ? chunks.at(-1) : undefined;
  return rest === undefined
    ? await visitor.ask("PUT", closing(location, digest))
    : await visitor.ask("PUT", closing(location, digest), {
        headers: { "Content-Range": contentRange(offset, rest) },
        body: rest,
      });
}

for (const algorithm of ["sha256", "sha512"]) {
  for (const [way, push] of Object.entries(WAYS)) {
    everywhere(`a blob of ${algorithm} pushed ${way} can be pulled from its Location`, async (visitor) => {
      const bytes = someBytes(3 * CHUNK - 5);
      const digest = digestOf(bytes, algorithm);
      const pushed = await push(visitor, bytes, digest);
      assert.equal(pushed.status, 201, pushed.body.toString());
      assert.equal(pushed.headers["docker-content-digest"], digest);
      assert.equal(located(pushed), `/v2/a/b/blobs/${digest}`);
      const head = await visitor.ask("HEAD", located(pushed));
      assert.equal(head.status, 200);
      assert.equal(head.headers["content-length"], String(bytes.byteLength));
      assert.equal(head.headers["docker-content-digest"], digest);
      const pulled = await visitor.ask("GET", located(pushed));
      assert.equal(pulled.status, 200);
      assert.equal(pulled.headers["docker-content-digest"], digest);
      assert.ok(pulled.body.equals(bytes));
    });

    everywhere(
      `a blob pushed ${way} under a wrong digest of ${algorithm} is refused and gone`,
      async (visitor) => {
        const bytes = someBytes(3 * CHUNK - 5);
        const digest = digestOf("something else", algorithm);
        refused(await push(visitor, bytes, digest), 400, "DIGEST_INVALID");
        refused(await visitor.ask("GET", `/v2/a/b/blobs/${digest}`), 404, "BLOB_UNKNOWN");
        refused(await visitor.ask("GET", `/v2/a/b/blobs/${digestOf(bytes, algorithm)}`), 404, "BLOB_UNKNOWN");
      },
    );
  }

  for (const [name, text] of [
    ["the empty blob", ""],
    ["the empty JSON object", "{}"],
  ] as const) {
    everywhere(`${name} of ${algorithm} can be pushed, pulled and deleted`, async (visitor) => {
      const digest = await visitor.pushBlob("a/b", text, algorithm);
      const pulled = await visitor.ask("GET", `/v2/a/b/blobs/${digest}`);
      assert.equal(pulled.status, 200);
      assert.equal(pulled.headers["content-length"], String(text.length));
      assert.equal(pulled.body.toString(), text);
      assert.equal((await visitor.ask("DELETE", `/v2/a/b/blobs/${digest}`)).status, 202);
      assert.equal((await visitor.ask("HEAD", `/v2/a/b/blobs/${digest}`)).status, 404);
    });
  }

  for (const last of ["PATCH", "PUT"] as const) {
    everywhere(
      `a chunk of ${algorithm} out of order, in a ${last}, is refused, and the upload goes on`,
      async (visitor) => {
        const bytes = someBytes(3 * CHUNK - 5);
        const digest = digestOf(bytes, algorithm);
        const [first, second, third] = [
          bytes.subarray(0, CHUNK),
          bytes.subarray(CHUNK, 2 * CHUNK),
          bytes.subarray(2 * CHUNK),
        ];
        let location = await visitor.start("a/b");
        for (const [index, chunk] of [first, second].entries()) {
          const skipped = {
            headers: { "Content-Range": contentRange((index + 1) * CHUNK, second) },
            body: second,
          };
          // oxlint-disable-next-line no-await-in-loop
          const early = await visitor.ask("PATCH", location, skipped);
          refused(early, 416, "BLOB_UPLOAD_INVALID");
          assert.equal(early.headers.range, `0-${Math.max(index * CHUNK - 1, 0)}`);
          assert.ok(early.headers["docker-upload-uuid"]);
          // oxlint-disable-next-line no-await-in-loop
          const status = await visitor.ask("GET", located(early));
          assert.equal(status.status, 204);
          assert.equal(status.headers.range, `0-${Math.max(index * CHUNK - 1, 0)}`);
          const next = { headers: { "Content-Range": contentRange(index * CHUNK, chunk) }, body: chunk };
          // oxlint-disable-next-line no-await-in-loop
          const answer = await visitor.ask("PATCH", located(status), next);
          assert.equal(answer.status, 202);
          location = located(answer);
        }
        const again = { headers: { "Content-Range": contentRange(0, first) }, body: first };
        const target = last === "PUT" ? closing(location, digest) : location;
        refused(await visitor.ask(last, target, again), 416, "BLOB_UPLOAD_INVALID");
        const rest = { headers: { "Content-Range": contentRange(2 * CHUNK, third) }, body: third };
        const final = await visitor.ask(last, target, rest);
        const closed = last === "PUT" ? final : await visitor.ask("PUT", closing(located(final), digest));
        assert.equal(closed.status, 201, closed.body.toString());
        assert.ok((await visitor.ask("GET", located(closed))).body.equals(bytes));
      },
    );
  }
}

everywhere("a digest of another algorithm than was announced is computed all the same", async (visitor) => {
  const bytes = someBytes(5000);
  const patched = await visitor.ask("PATCH", await visitor.start("a/b", "?digest-algorithm=sha512"), {
    body: bytes,
  });
  const closed = await visitor.ask("PUT", closing(located(patched), digestOf(bytes)));
  assert.equal(closed.status, 201);
});

everywhere("an algorithm that nobody knows is refused", async (visitor) => {
  refused(await visitor.ask("POST", "/v2/a/b/blobs/uploads/?digest-algorithm=md5"), 400, "DIGEST_INVALID");
  refused(
    await visitor.ask("POST", "/v2/a/b/blobs/uploads/?digest=md5:abc", { body: "x" }),
    400,
    "DIGEST_INVALID",
  );
});

everywhere("an upload is closed only with a digest", async (visitor) => {
  refused(await visitor.ask("PUT", await visitor.start("a/b"), { body: "x" }), 400, "DIGEST_INVALID");
});

everywhere("a chunk that is not as long as its Content-Range is refused", async (visitor) => {
  const location = await visitor.start("a/b");
  const headers = { "Content-Range": "0-9" };
  refused(await visitor.ask("PATCH", location, { headers, body: "12345" }), 400, "SIZE_INVALID");
  refused(
    await visitor.ask("PATCH", location, { headers, body: "12345", framing: "chunked" }),
    400,
    "SIZE_INVALID",
  );
  refused(
    await visitor.ask("PATCH", location, { headers, body: "x".repeat(11), framing: "chunked" }),
    400,
    "SIZE_INVALID",
  );
  refused(
    await visitor.ask("PATCH", location, { headers: { "Content-Range": "ten" }, body: "1" }),
    400,
    "BLOB_UPLOAD_INVALID",
  );
});

everywhere("the status of an upload says how far it is", async (visitor) => {
  const location = await visitor.start("a/b");
  const before = await visitor.ask("GET", location);
  assert.equal(before.status, 204);
  assert.equal(before.headers.range, "0-0");
  await visitor.ask("PATCH", location, { body: "12345" });
  const after = await visitor.ask("GET", location);
  assert.equal(after.headers.range, "0-4");
  assert.equal(located(after), location);
  assert.equal(after.headers["docker-upload-uuid"], location.split("/").at(-1));
});

everywhere("a cancelled upload is gone", async (visitor) => {
  const location = await visitor.start("a/b");
  assert.equal((await visitor.ask("DELETE", location)).status, 204);
  refused(await visitor.ask("GET", location), 404, "BLOB_UPLOAD_UNKNOWN");
  refused(await visitor.ask("PATCH", location, { body: "x" }), 404, "BLOB_UPLOAD_UNKNOWN");
  refused(await visitor.ask("DELETE", location), 404, "BLOB_UPLOAD_UNKNOWN");
});

everywhere("an upload belongs to its repository, and its id is no path", async (visitor) => {
  const location = await visitor.start("a/b");
  const id = location.split("/").at(-1) ?? "";
  refused(await visitor.ask("GET", `/v2/a/c/blobs/uploads/${id}`), 404, "BLOB_UPLOAD_UNKNOWN");
  refused(await visitor.ask("GET", "/v2/a/b/blobs/uploads/.."), 404, "BLOB_UPLOAD_UNKNOWN");
  refused(
    await visitor.ask("PUT", "/v2/a/b/blobs/uploads/nothing?digest=" + digestOf("x")),
    404,
    "BLOB_UPLOAD_UNKNOWN",
  );
});

everywhere(
  "the smallest chunk is announced",
  async (visitor) => {
    const answer = await visitor.ask("POST", "/v2/a/b/blobs/uploads/");
    assert.equal(answer.headers["oci-chunk-min-length"], "4096");
  },
  { chunkMinBytes: 4096 },
);

everywhere(
  "a blob that is too large is refused, said or unsaid",
  async (visitor) => {
    const bytes = someBytes(1001);
    const [location, digest] = [await visitor.start("a/b"), digestOf(bytes)];
    refused(await visitor.ask("PUT", closing(location, digest), { body: bytes }), 413, "SIZE_INVALID");
    refused(
      await visitor.ask("PUT", closing(location, digest), { body: bytes, framing: "chunked" }),
      413,
      "SIZE_INVALID",
    );
    const large = someBytes(50_000_000);
    refused(await visitor.ask("PATCH", location, { body: large }), 413, "SIZE_INVALID");
    refused(await visitor.ask("PATCH", location, { body: large, framing: "chunked" }), 413, "SIZE_INVALID");
  },
  { limits: { blobBytes: 1000 } },
);

everywhere("one repository's blob can be mounted into another", async (visitor) => {
  const bytes = someBytes(512);
  const digest = await visitor.pushBlob("from/here", bytes);
  const mounted = await visitor.ask("POST", `/v2/to/there/blobs/uploads/?mount=${digest}&from=from/here`);
  assert.equal(mounted.status, 201);
  assert.equal(located(mounted), `/v2/to/there/blobs/${digest}`);
  assert.equal(mounted.headers["docker-content-digest"], digest);
  assert.equal((await visitor.ask("DELETE", `/v2/from/here/blobs/${digest}`)).status, 202);
  assert.ok((await visitor.ask("GET", located(mounted))).body.equals(bytes), "it stays where it was mounted");
  assert.equal(
    (await visitor.ask("POST", `/v2/to/there/blobs/uploads/?mount=${digest}&from=to/there`)).status,
    201,
  );
});

everywhere("a blob can be mounted without saying from where", async (visitor) => {
  const digest = await visitor.pushBlob("from/here", someBytes(512));
  const mounted = await visitor.ask("POST", `/v2/to/there/blobs/uploads/?mount=${digest}`);
  assert.equal(mounted.status, 201);
  assert.equal((await visitor.ask("HEAD", located(mounted))).status, 200);
});

everywhere("a mount of what is not there begins an upload", async (visitor) => {
  const bytes = someBytes(512);
  const digest = digestOf(bytes);
  for (const query of [
    `?mount=${digest}&from=from/here`,
    `?mount=${digest}`,
    `?mount=${digest}&from=../..`,
  ]) {
    // oxlint-disable-next-line no-await-in-loop
    const answer = await visitor.ask("POST", `/v2/to/there/blobs/uploads/${query}`);
    assert.equal(answer.status, 202);
    // oxlint-disable-next-line no-await-in-loop
    assert.equal((await visitor.ask("PUT", closing(located(answer), digest), { body: bytes })).status, 201);
    // oxlint-disable-next-line no-await-in-loop
    await visitor.ask("DELETE", `/v2/to/there/blobs/${digest}`);
  }
});

everywhere("many uploads of one blob at once all end well", async (visitor) => {
  const bytes = someBytes(200_000);
  const digest = digestOf(bytes);
  const answers = await Promise.all(
    Array.from({ length: 12 }, async (_, index) => {
      const location = await visitor.start(`many/r${index % 3}`);
      return await visitor.ask("PUT", closing(location, digest), { body: bytes, framing: "chunked" });
    }),
  );
  assert.deepEqual(new Set(answers.map((answer) => answer.status)), new Set([201]));
  assert.ok((await visitor.ask("GET", `/v2/many/r2/blobs/${digest}`)).body.equals(bytes));
});

everywhere(
  "what a broken connection had sent is kept, and the upload goes on from there",
  async (visitor) => {
    const bytes = someBytes(3_000_000);
    const location = await visitor.start("a/b");
    const { hostname, port } = new URL(visitor.url);
    const socket = connect(Number(port), hostname);
    socket.write(`PATCH ${location} HTTP/1.1\r\nHost: x\r\nContent-Length: ${bytes.byteLength}\r\n\r\n`);
    socket.write(bytes.subarray(0, 1_500_000));
    const reached = async (): Promise<number> => {
      const status = await visitor.ask("GET", location);
      return Number(status.headers.range?.slice("0-".length)) + 1;
    };
    await until(async () => (await reached()) > 1);
    refused(await visitor.ask("PATCH", location, { body: "x" }), 409, "BLOB_UPLOAD_INVALID");
    socket.destroy();
    await until(async () => (await visitor.ask("PATCH", location)).status === 202);
    const offset = await reached();
    assert.ok(offset > 1 && offset <= 1_500_000, `the upload has ${offset} bytes`);
    const rest = bytes.subarray(offset);
    const headers = { "Content-Range": contentRange(offset, rest) };
    const closed = await visitor.ask("PUT", closing(location, digestOf(bytes)), { headers, body: rest });
    assert.equal(closed.status, 201, closed.body.toString());
  },
);
