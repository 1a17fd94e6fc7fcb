import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { pathToFileURL } from "node:url";
import { digestOf, type Digest } from "@cooper/oci";
import { temporaryDirectory } from "@cooper/test";
import { openCache, type OpenCache } from "../cache/open-cache.ts";
import { createFetcher, type FetcherOptions } from "./create-fetcher.ts";
import type { FetchEvent, Fetcher } from "./fetcher.ts";

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

async function serve(t: TestContext, handler: Handler): Promise<string> {
  const server = createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

interface Bench {
  readonly fetcher: Fetcher;
  readonly cache: OpenCache;
  readonly events: FetchEvent[];
}

async function bench(t: TestContext, options: Partial<FetcherOptions> = {}): Promise<Bench> {
  const events: FetchEvent[] = [];
  const cache = options.cache ?? (await openCache({ directory: temporaryDirectory(t) }));
  const fetcher = createFetcher({ cache, onEvent: (event) => events.push(event), ...options });
  t.after(async () => {
    await fetcher.close();
    await (cache as OpenCache).close();
  });
  return { fetcher, cache: cache as OpenCache, events };
}

function sha256(bytes: string | Buffer): Digest {
  return digestOf("sha256", createHash("sha256").update(bytes).digest("hex"));
}

test("a file is fetched once, and then comes from the cache", async (t) => {
  let asked = 0;
  const base = await serve(t, (_request, response) => {
    asked++;
    response.end("cask");
  });
  const { fetcher, events } = await bench(t);
  const expected = { digest: sha256("cask"), size: 4 };
  const paths = await Promise.all([1, 2, 3].map(async () => await fetcher.file(`${base}/a.deb`, expected)));
  assert.equal(new Set(paths).size, 1);
  assert.equal(readFileSync(paths[0] ?? "", "utf8"), "cask");
  assert.equal(asked, 1);
  assert.deepEqual(events[0], { type: "fetch-started", label: "a.deb", size: 4 });
  assert.equal(events.filter(({ type }) => type === "fetch-cached").length, 2);
});

test("a mirror that lies about a file's bytes is found out, and nothing stays", async (t) => {
  const base = await serve(t, (_request, response) => response.end("bark"));
  const { fetcher, cache } = await bench(t);
  await assert.rejects(fetcher.file(`${base}/a.deb`, { digest: sha256("cask"), size: 4 }), {
    code: "DIGEST_MISMATCH",
  });
  await assert.rejects(fetcher.file(`${base}/a.deb`, { digest: sha256("bark"), size: 5 }), {
    code: "SIZE_MISMATCH",
  });
  assert.equal((await cache.usage()).entries, 0);
});

test("nothing past the expected size is read from a mirror that goes on for ever", async (t) => {
  const base = await serve(t, (_request, response) => {
    const flood = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(65536)));
      if (!response.destroyed) response.once("drain", flood);
    };
    flood();
  });
  const { fetcher } = await bench(t);
  await assert.rejects(fetcher.file(`${base}/a`, { digest: sha256("x"), size: 1000 }), {
    code: "FILE_TOO_LARGE",
  });
  await assert.rejects(fetcher.current(`${base}/a`, { limit: 100_000 }), { code: "FILE_TOO_LARGE" });
});

test("a download that breaks off goes on where it was", async (t) => {
  const content = Buffer.alloc(3_000_000, "stave ");
  const ranges: (string | undefined)[] = [];
  const base = await serve(t, (request, response) => {
    ranges.push(request.headers.range);
    const start = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
    response.writeHead(start === 0 ? 200 : 206, {
      etag: '"1"',
      "content-length": content.length - start,
      ...(start === 0 ? {} : { "content-range": `bytes ${start}-${content.length - 1}/${content.length}` }),
    });
    if (start > 0) response.end(content.subarray(start));
    else response.write(content.subarray(0, 1_500_000), () => setTimeout(() => response.destroy(), 20));
  });
  const { fetcher } = await bench(t);
  const path = await fetcher.file(`${base}/big`, { digest: sha256(content), size: content.length });
  assert.ok(readFileSync(path).equals(content));
  assert.equal(ranges.length, 2);
  assert.match(ranges[1] ?? "", /^bytes=[1-9]\d*-$/);
});

test("a file that changed while it was fetched is refused, not stitched together", async (t) => {
  let answers = 0;
  const base = await serve(t, (_request, response) => {
    answers++;
    response.writeHead(200, { etag: `"${answers}"`, "content-length": 2_000_000 });
    response.write(Buffer.alloc(500_000), () => setTimeout(() => response.destroy(), 20));
  });
  const { fetcher } = await bench(t);
  await assert.rejects(fetcher.current(`${base}/index`, { limit: 3_000_000 }), {
    code: "FETCH_FAILED",
    message: /changed while it was fetched/,
  });
});

test("a server that resumes at another place than it was asked for is refused", async (t) => {
  const base = await serve(t, (request, response) => {
    const isFirst = request.headers.range === undefined;
    response.writeHead(isFirst ? 200 : 206, {
      etag: '"1"',
      "content-length": 2_000_000,
      ...(isFirst ? {} : { "content-range": "bytes 0-1999999/2000000" }),
    });
    if (isFirst) response.write(Buffer.alloc(500_000), () => setTimeout(() => response.destroy(), 20));
    else response.end(Buffer.alloc(2_000_000));
  });
  const { fetcher } = await bench(t);
  await assert.rejects(fetcher.current(`${base}/index`, { limit: 3_000_000 }), {
    code: "FETCH_FAILED",
    message: /another part/,
  });
});

test("a passing fault is met with another try, and a missing file is not", async (t) => {
  let asked = 0;
  const base = await serve(t, (request, response) => {
    asked++;
    if (request.url === "/missing") response.writeHead(404).end();
    else if (asked === 1) response.writeHead(503, { "retry-after": "0" }).end();
    else response.end("cask");
  });
  const { fetcher } = await bench(t);
  assert.equal((await fetcher.current(`${base}/index`, { limit: 100 })).bytes.toString(), "cask");
  assert.equal(asked, 2);
  await assert.rejects(fetcher.current(`${base}/missing`, { limit: 100 }), { code: "NOT_FOUND" });
  assert.equal(asked, 3);
});

test("a file that did not change is not sent again", async (t) => {
  let content = "one";
  const statuses: number[] = [];
  const base = await serve(t, (request, response) => {
    const etag = `"${content}"`;
    const status = request.headers["if-none-match"] === etag ? 304 : 200;
    statuses.push(status);
    response.writeHead(status, { etag }).end(status === 200 ? content : undefined);
  });
  const { fetcher } = await bench(t);
  const read = async (): Promise<[string, boolean]> => {
    const { bytes, unchanged } = await fetcher.current(`${base}/index`, { limit: 100 });
    return [bytes.toString(), unchanged];
  };
  assert.deepEqual(await read(), ["one", false]);
  assert.deepEqual(await read(), ["one", true]);
  content = "two";
  assert.deepEqual(await read(), ["two", false]);
  assert.deepEqual(statuses, [200, 304, 200]);
});

test("offline, what was fetched before is there, and the rest is a clear error", async (t) => {
  const base = await serve(t, (_request, response) => response.end("cask"));
  const { fetcher, cache } = await bench(t);
  await fetcher.current(`${base}/index`, { limit: 100 });
  const { fetcher: offline } = await bench(t, { cache, network: "offline" });
  assert.equal((await offline.current(`${base}/index`, { limit: 100 })).bytes.toString(), "cask");
  assert.ok(await offline.file(`${base}/a`, { digest: sha256("cask") }));
  await assert.rejects(offline.file(`${base}/b`, { digest: sha256("other") }), { code: "OFFLINE" });
  await assert.rejects(offline.current(`${base}/other`, { limit: 100 }), { code: "OFFLINE" });
});

test("credentials go to the host they are for, and to no message and no other host", async (t) => {
  const seen: (string | undefined)[] = [];
  const elsewhere = await serve(t, (request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(403).end();
  });
  const base = await serve(t, (request, response) => {
    seen.push(request.headers.authorization);
    response.writeHead(302, { location: `${elsewhere.replace("127.0.0.1", "localhost")}/there` }).end();
  });
  const { fetcher, events } = await bench(t);
  const address = base.replace("//", "//cooper:secret@");
  await assert.rejects(fetcher.current(`${address}/index`, { limit: 100 }), (error: Error) => {
    assert.doesNotMatch(`${error.message} ${JSON.stringify(error)}`, /secret/);
    return true;
  });
  assert.deepEqual(seen, [`Basic ${Buffer.from("cooper:secret").toString("base64")}`, undefined]);
  assert.doesNotMatch(JSON.stringify(events), /secret/);
});

test("a redirect from https is never followed to http, nor one to a file", async (t) => {
  const base = await serve(t, (_request, response) => {
    response.writeHead(302, { location: "file:///etc/passwd" }).end();
  });
  const { fetcher } = await bench(t);
  await assert.rejects(fetcher.current(`${base}/index`, { limit: 100 }), { code: "FETCH_FAILED" });
});

test("a path and a file: address are read from the disk, and checked alike", async (t) => {
  const path = join(temporaryDirectory(t), "a b.deb");
  writeFileSync(path, "cask");
  const { fetcher } = await bench(t, { network: "offline" });
  for (const address of [path, pathToFileURL(path).href]) {
    assert.equal((await fetcher.current(address, { limit: 100 })).bytes.toString(), "cask");
    assert.ok(await fetcher.file(address, { digest: sha256("cask"), size: 4 }));
  }
  await assert.rejects(fetcher.file(path, { digest: sha256("bark"), size: 4 }), { code: "DIGEST_MISMATCH" });
  await assert.rejects(fetcher.current(`${path}.gone`, { limit: 100 }), { code: "NOT_FOUND" });
  await assert.rejects(fetcher.current("ftp://host/a", { limit: 100 }), { code: "REPOSITORY_INVALID" });
});

test("a file with a check of its own is checked once, and remembered by its key", async (t) => {
  const path = join(temporaryDirectory(t), "a.apk");
  writeFileSync(path, "cask");
  const { fetcher } = await bench(t);
  let checks = 0;
  const check = async (aside: string): Promise<void> => {
    checks++;
    if (readFileSync(aside, "utf8") !== "cask") throw new Error("leaks");
  };
  const first = await fetcher.checked(path, { key: "apk Q1a", size: 4, check });
  writeFileSync(path, "bark");
  const second = await fetcher.checked(path, { key: "apk Q1a", size: 4, check });
  assert.deepEqual(second, first);
  assert.equal(checks, 1);
  await assert.rejects(fetcher.checked(path, { key: "apk Q1b", check }), /leaks/);
});

test("a signal ends a download", async (t) => {
  const base = await serve(t, (_request, response) => {
    response.writeHead(200, { "content-length": 100 });
    response.write("x");
  });
  const { fetcher, cache } = await bench(t);
  const abort = new AbortController();
  setTimeout(() => abort.abort(new Error("enough")), 50);
  await assert.rejects(
    fetcher.file(`${base}/a`, { digest: sha256("y"), size: 100 }, { signal: abort.signal }),
    /enough/,
  );
  assert.equal((await cache.usage()).entries, 0);
});
