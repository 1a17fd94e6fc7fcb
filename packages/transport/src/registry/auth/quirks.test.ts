import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { inspect } from "node:util";
import { fromBytes } from "@cooper/archive";
import { describeBytes, digestBytes, MEDIA_TYPES } from "@cooper/oci";
import { startPeer, temporaryDirectory } from "@cooper/test";
import type { Peer, PeerHandler, PeerRequest } from "@cooper/test";
import { basicCredential, identityCredential } from "../../credentials/credential.ts";
import type { Credential } from "../../credentials/credential.ts";
import { openPeer } from "../opening.test.support.ts";

const MANIFEST = Buffer.from('{"schemaVersion":2}');

/** A token server that gives `token-1`, `token-2`, …; each answer can be changed. */
async function tokenServer(
  t: TestContext,
  change: (count: number, request: PeerRequest) => object = () => ({}),
): Promise<Peer> {
  let count = 0;
  return await startPeer(t, (request, response) => {
    count++;
    response.end(JSON.stringify({ token: `token-${count}`, ...change(count, request) }));
  });
}

/** A registry that asks for a token, and answers requests that have one which `takes` accepts. */
async function registryWith(
  t: TestContext,
  challenge: (request: PeerRequest) => string | string[],
  takes: (authorization: string, request: PeerRequest) => boolean = (authorization) => authorization !== "",
): Promise<Peer> {
  return await startPeer(t, (request, response) => {
    if (!takes(request.headers.authorization ?? "", request)) {
      response.writeHead(401, { "www-authenticate": challenge(request) });
      response.end();
      return;
    }
    answerManifest(request, response);
  });
}

const answerManifest: PeerHandler = (request, response) => {
  response.setHeader("content-type", MEDIA_TYPES.oci.manifest);
  response.setHeader("content-length", MANIFEST.byteLength);
  response.setHeader("docker-content-digest", digestBytes(MANIFEST));
  response.end(request.method === "HEAD" ? undefined : MANIFEST);
};

const bearer = (server: Peer): string => `Bearer realm="${server.url}/token",service="reg, istry"`;
const ALICE = basicCredential("alice", "open:sesame");

test("a token is asked for with the scope that is needed, and used again", async (t) => {
  const server = await tokenServer(t);
  const registry = await registryWith(
    t,
    () => bearer(server),
    (text) => text === "Bearer token-1",
  );
  const repository = openPeer(t, registry, { credential: ALICE });
  await repository.resolve({ tag: "x" });
  await repository.resolve({ tag: "y" });
  assert.equal(server.requests.length, 1);
  const [asked] = server.requests;
  assert.equal(asked?.query.get("service"), "reg, istry");
  assert.deepEqual(asked?.query.getAll("scope"), ["repository:a/b:pull"]);
  assert.equal(asked?.query.get("account"), "alice");
  assert.equal(asked?.headers.authorization, `Basic ${Buffer.from("alice:open:sesame").toString("base64")}`);
});

test("requests that start together ask for one token", async (t) => {
  const server = await tokenServer(t);
  const registry = await registryWith(
    t,
    () => bearer(server),
    (text) => text === "Bearer token-1",
  );
  const repository = openPeer(t, registry);
  await Promise.all([1, 2, 3, 4].map(async (n) => await repository.resolve({ tag: `x${n}` })));
  assert.equal(server.requests.length, 1);
  assert.equal(server.requests[0]?.headers.authorization, undefined);
});

test("access_token does as well as token", async (t) => {
  const server = await tokenServer(t, () => ({ token: undefined, access_token: "other" }));
  const registry = await registryWith(
    t,
    () => bearer(server),
    (text) => text === "Bearer other",
  );
  await openPeer(t, registry).resolve({ tag: "x" });
});

test("of several schemes the token is chosen, whatever their order", async (t) => {
  const server = await tokenServer(t);
  for (const challenge of [`Basic realm="x", ${bearer(server)}`, [bearer(server), 'Basic realm="x"']]) {
    // oxlint-disable-next-line no-await-in-loop
    const registry = await registryWith(
      t,
      () => challenge,
      (text) => text.startsWith("Bearer "),
    );
    // oxlint-disable-next-line no-await-in-loop
    await openPeer(t, registry, { credential: ALICE }).resolve({ tag: "x" });
  }
});

test("a password is not sent before it is asked for", async (t) => {
  const registry = await registryWith(
    t,
    () => 'Basic realm="x"',
    (text) => text.startsWith("Basic "),
  );
  await openPeer(t, registry, { credential: ALICE }).resolve({ tag: "x" });
  assert.deepEqual(
    registry.requests.map(({ headers }) => headers.authorization === undefined),
    [true, false],
  );
});

test("a token that was withdrawn is replaced once, and the request sent again", async (t) => {
  const server = await tokenServer(t);
  let valid = "Bearer token-1";
  const registry = await registryWith(
    t,
    () => bearer(server),
    (text) => text === valid,
  );
  const repository = openPeer(t, registry);
  await repository.resolve({ tag: "x" });
  valid = "Bearer token-2";
  await repository.resolve({ tag: "x" });
  assert.equal(server.requests.length, 2);
});

test("a token that is never taken is not asked for without end", async (t) => {
  const server = await tokenServer(t);
  const registry = await registryWith(
    t,
    () => bearer(server),
    () => false,
  );
  await assert.rejects(openPeer(t, registry).resolve({ tag: "x" }), { code: "UNAUTHORIZED" });
  assert.equal(server.requests.length, 2);
});

for (const status of [401, 403]) {
  test(`a scope that turns out to be missing (${status}) is added to the next token`, async (t) => {
    const server = await tokenServer(t, (_, { query }) => ({ token: query.getAll("scope").join(" ") }));
    const registry = await startPeer(t, (request, response) => {
      const text = request.headers.authorization ?? "";
      if (text.includes("special")) return answerManifest(request, response);
      const error = text === "" ? "" : ',error="insufficient_scope",scope="repository:a/b:pull,special"';
      const headers = { "www-authenticate": `${bearer(server)}${error}` };
      return response.writeHead(text === "" ? 401 : status, headers).end();
    });
    // The token is made of its scopes here, which a header cannot hold with spaces: there is one only.
    const repository = openPeer(t, registry);
    await repository.resolve({ tag: "x" });
    await repository.resolve({ tag: "x" });
    assert.deepEqual(
      server.requests.map(({ query }) => query.getAll("scope")),
      [["repository:a/b:pull"], ["repository:a/b:pull,special"]],
    );
  });
}

test("the needed scope is first, and a mount asks to read its source", async (t) => {
  const server = await tokenServer(t);
  const blob = Buffer.from("blob");
  const registry = await startPeer(t, (request, response) => {
    if (request.headers.authorization === undefined) {
      response.writeHead(401, { "www-authenticate": bearer(server) });
      return void response.end();
    }
    response.writeHead(request.method === "POST" ? 201 : 404, {});
    return void response.end();
  });
  const descriptor = describeBytes("application/octet-stream", blob);
  await openPeer(t, registry).putBlob(descriptor, () => fromBytes(blob), { from: "c/d" });
  assert.deepEqual(server.requests.at(-1)?.query.getAll("scope"), [
    "repository:a/b:pull,push",
    "repository:c/d:pull",
  ]);
});

test("to delete asks for that right first", async (t) => {
  const server = await tokenServer(t);
  const registry = await startPeer(t, (request, response) => {
    const known = request.headers.authorization !== undefined;
    response.writeHead(known ? 202 : 401, known ? {} : { "www-authenticate": bearer(server) });
    response.end();
  });
  await openPeer(t, registry).deleteTag("x");
  assert.deepEqual(server.requests.at(-1)?.query.getAll("scope"), ["repository:a/b:delete,pull,push"]);
});

test("an identity token is traded by POST, and what replaces it is used from then on", async (t) => {
  const bodies: URLSearchParams[] = [];
  const server = await startPeer(t, async (request, response) => {
    bodies.push(new URLSearchParams((await request.body()).toString()));
    response.end(
      JSON.stringify({ access_token: `t${bodies.length}`, refresh_token: `next-${bodies.length}` }),
    );
  });
  const registry = await registryWith(
    t,
    () => bearer(server),
    (text, { path }) => text === (path.endsWith("y") ? "Bearer t2" : "Bearer t1"),
  );
  const repository = openPeer(t, registry, { credential: identityCredential("first") });
  await repository.resolve({ tag: "x" });
  await repository.resolve({ tag: "y" });
  assert.deepEqual(
    bodies.map((body) => body.get("refresh_token")),
    ["first", "next-1"],
  );
  assert.equal(bodies[0]?.get("grant_type"), "refresh_token");
  assert.equal(bodies[0]?.get("scope"), "repository:a/b:pull");
  assert.deepEqual(server.log, ["POST /token", "POST /token"]);
});

test("a server that does not know the trade (404) gets the identity token by GET", async (t) => {
  const server = await startPeer(t, (request, response) => {
    if (request.method === "POST") return void response.writeHead(404).end();
    const expected = `Basic ${Buffer.from("<token>:identity").toString("base64")}`;
    if (request.headers.authorization !== expected) return void response.writeHead(401).end();
    return void response.end('{"token":"t"}');
  });
  const registry = await registryWith(
    t,
    () => bearer(server),
    (text) => text === "Bearer t",
  );
  await openPeer(t, registry, { credential: identityCredential("identity") }).resolve({ tag: "x" });
});

const REALMS: readonly (readonly [string, string])[] = [
  ["is at a private address", "http://10.0.0.1/token"],
  ["is at the cloud's metadata address", "http://169.254.169.254/token"],
  ["has credentials in it", "http://a:b@auth.example/token"],
  ["is a file", "file:///etc/passwd"],
];
for (const [name, realm] of REALMS) {
  test(`a token server that ${name} gets nothing`, async (t) => {
    const registry = await registryWith(t, () => `Bearer realm="${realm}"`);
    await assert.rejects(openPeer(t, registry, { credential: ALICE }).resolve({ tag: "x" }), {
      code: "UNSAFE_ADDRESS",
    });
  });
}

test("a realm that cannot be read, and an answer without a token, are named", async (t) => {
  const nowhere = await registryWith(t, () => 'Bearer realm="token"');
  await assert.rejects(openPeer(t, nowhere).resolve({ tag: "x" }), { code: "BAD_RESPONSE" });
  const server = await tokenServer(t, () => ({ token: undefined }));
  const registry = await registryWith(t, () => bearer(server));
  await assert.rejects(openPeer(t, registry).resolve({ tag: "x" }), {
    code: "BAD_RESPONSE",
    message: /no token/,
  });
});

test("a token cannot bring a second header along", async (t) => {
  const server = await tokenServer(t, () => ({ token: "a\r\nx-evil: b" }));
  const registry = await registryWith(t, () => bearer(server));
  await assert.rejects(openPeer(t, registry).resolve({ tag: "x" }), { code: "BAD_RESPONSE" });
});

test("a token server's passing fault is tried again, and no more often than anything else", async (t) => {
  let count = 0;
  const server = await startPeer(t, (_, response) => {
    count++;
    if (count < 3) response.writeHead(503).end();
    else response.end('{"token":"t"}');
  });
  const registry = await registryWith(t, () => bearer(server));
  await openPeer(t, registry).resolve({ tag: "x" });
  const broken = await startPeer(t, (_, response) => void response.writeHead(503).end());
  const other = await registryWith(t, () => bearer(broken));
  await assert.rejects(openPeer(t, other).resolve({ tag: "x" }), {
    code: "REGISTRY_FAILED",
    kind: "passing",
  });
  assert.equal(broken.requests.length, 4);
});

const echo: PeerHandler = async (request, response) => {
  const text = `${String(request.headers.authorization)} ${(await request.body()).toString()} hunter2-long very-secret-token`;
  response.writeHead(401, { "www-authenticate": 'Basic realm="x"' });
  response.end(JSON.stringify({ errors: [{ code: "UNAUTHORIZED", message: text }] }));
};

const SECRETS: readonly (readonly [string, Credential, RegExp])[] = [
  ["a password", basicCredential("u", "hunter2-long"), /hunter2-long|aHVudGVyMi1sb25n/],
  ["an identity token", identityCredential("very-secret-token"), /very-secret-token/],
];
for (const [name, credential, pattern] of SECRETS) {
  test(`${name} that a server repeats in its error is not shown`, async (t) => {
    const server = await startPeer(t, echo);
    const registries = [await startPeer(t, echo), await registryWith(t, () => bearer(server))];
    for (const registry of registries) {
      // oxlint-disable-next-line no-await-in-loop
      await assert.rejects(openPeer(t, registry, { credential }).resolve({ tag: "x" }), (error: Error) => {
        assert.doesNotMatch(inspect(error, { depth: 10 }), pattern);
        return true;
      });
    }
  });
}

test("credentials and configured headers stay with the registry when it redirects", async (t) => {
  const store = await startPeer(t, answerManifest);
  const registry = await startPeer(t, (request, response) => {
    if (request.headers.authorization === undefined) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
    } else if (request.path.startsWith("/v2/a/b")) {
      response.writeHead(307, { location: `${store.url}/blob?sig=1` }).end();
    } else response.end();
  });
  const directory = temporaryDirectory(t);
  mkdirSync(join(directory, ".docker"));
  writeFileSync(
    join(directory, ".docker/config.json"),
    JSON.stringify({ HttpHeaders: { "X-Meta": "mine" } }),
  );
  const repository = openPeer(t, registry, { credential: ALICE, environment: { HOME: directory } });
  await repository.resolve({ tag: "x" });
  assert.equal(registry.requests.at(-1)?.headers["x-meta"], "mine");
  assert.equal(store.requests.length, 1);
  const [seen] = store.requests;
  assert.equal(seen?.headers.authorization, undefined);
  assert.equal(seen?.headers["x-meta"], undefined);
  assert.match(String(seen?.headers.accept), /manifest/);
});

test("credentials are not sent after a redirect within the registry either", async (t) => {
  const registry = await startPeer(t, (request, response) => {
    if (request.path === "/elsewhere") {
      assert.equal(request.headers.authorization, undefined);
      answerManifest(request, response);
    } else if (request.headers.authorization === undefined) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
    } else response.writeHead(302, { location: "/elsewhere" }).end();
  });
  await openPeer(t, registry, { credential: ALICE }).resolve({ tag: "x" });
});

test("an upload at another origin gets no credentials", async (t) => {
  const blob = Buffer.from("blob");
  const store = await startPeer(t, async (request, response) => {
    await request.body();
    response.writeHead(201).end();
  });
  const registry = await startPeer(t, (request, response) => {
    if (request.headers.authorization === undefined) {
      response.writeHead(401, { "www-authenticate": 'Basic realm="x"' }).end();
    } else if (request.method === "POST")
      response.writeHead(202, { location: `${store.url}/up?state=1` }).end();
    else response.writeHead(404).end();
  });
  const repository = openPeer(t, registry, { credential: ALICE });
  await repository.putBlob(describeBytes("application/octet-stream", blob), () => fromBytes(blob));
  assert.deepEqual(store.log, [`PUT /up?state=1&digest=${encodeURIComponent(digestBytes(blob))}`]);
  assert.equal(store.requests[0]?.headers.authorization, undefined);
});

test("where a helper could not be asked, a registry that says no makes it known", async (t) => {
  const registry = await registryWith(t, () => 'Basic realm="x"');
  const directory = temporaryDirectory(t);
  mkdirSync(join(directory, ".docker"));
  writeFileSync(join(directory, ".docker/config.json"), JSON.stringify({ credsStore: "missing" }));
  const repository = openPeer(t, registry, { environment: { HOME: directory, PATH: "/nowhere" } });
  await assert.rejects(repository.resolve({ tag: "x" }), {
    code: "UNAUTHORIZED",
    advice: /docker-credential-missing/,
  });
});
