import assert from "node:assert/strict";
import { test } from "node:test";
import type { TestContext } from "node:test";
import { memoryStorage } from "../storage/memory.ts";
import { located, manifestOf, OCI_INDEX, refused, visit } from "../conformance/visitor.test.ts";
import type { Answer, Visitor } from "../conformance/visitor.test.ts";
import { basicAuthorization } from "./basic.ts";
import { parseScopes } from "./scope.ts";
import { createTokenService } from "./tokens.ts";
import type { TokenOptions } from "./tokens.ts";

const ANNA = { username: "anna", password: "a:long:word" };
const MANIFEST = manifestOf({ manifests: [] }, OCI_INDEX);

function basic({
  username,
  password,
}: {
  readonly username: string;
  readonly password: string;
}): Record<string, string> {
  return { Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}` };
}

function jsonOf(answer: Answer): Record<string, unknown> {
  const value: Record<string, unknown> = JSON.parse(answer.body.toString());
  return value;
}

test("a password may have colons, and opens the door", async (t) => {
  const check = (given: { readonly username: string; readonly password: string }): boolean =>
    given.username === ANNA.username && given.password === ANNA.password;
  const visitor = await visit(t, {
    storage: memoryStorage(),
    authorize: basicAuthorization({ realm: 'the "registry"', check }),
  });
  for (const headers of [
    {},
    basic({ ...ANNA, password: "wrong" }),
    { Authorization: "Basic" },
    { Authorization: "Basic !!!" },
    { Authorization: `Basic ${Buffer.from("nocolon").toString("base64")}` },
    { Authorization: "Bearer x" },
  ]) {
    // oxlint-disable-next-line no-await-in-loop
    const answer = await visitor.ask("GET", "/v2/", { headers });
    refused(answer, 401, "UNAUTHORIZED");
    assert.equal(answer.headers["www-authenticate"], 'Basic realm="the \\"registry\\"", charset="UTF-8"');
  }
  assert.equal((await visitor.ask("GET", "/v2/", { headers: basic(ANNA) })).status, 200);
});

test("whoever may not do a thing is told so, for each thing", async (t) => {
  const table = [
    ["GET", "/v2/", "enter", undefined],
    ["GET", "/v2/_catalog", "list", undefined],
    ["GET", "/v2/a/tags/list", "pull", "a"],
    ["HEAD", "/v2/a/manifests/t", "pull", "a"],
    ["PUT", "/v2/a/manifests/t", "push", "a"],
    ["DELETE", "/v2/a/manifests/t", "delete", "a"],
    ["POST", "/v2/a/blobs/uploads/", "push", "a"],
    ["GET", "/v2/a/blobs/uploads/x", "push", "a"],
    ["DELETE", "/v2/a/blobs/uploads/x", "push", "a"],
    ["GET", `/v2/a/referrers/${MANIFEST.digest}`, "pull", "a"],
  ] as const;
  const asked: unknown[] = [];
  const visitor = await visit(t, {
    storage: memoryStorage(),
    authorize: (_, access) => {
      asked.push(access);
      return { verdict: "deny" };
    },
  });
  for (const [method, path, action, repository] of table) {
    // oxlint-disable-next-line no-await-in-loop
    const answer = await visitor.ask(method, path);
    assert.equal(answer.status, 403);
    if (method !== "HEAD") refused(answer, 403, "DENIED");
    assert.deepEqual(asked.pop(), { action, repository });
  }
});

test("a blob is mounted only from where the visitor may pull, and never from anywhere", async (t) => {
  const secret = new Set<string>();
  const visitor = await visit(t, {
    storage: memoryStorage(),
    authorize: (_, { repository }) => ({ verdict: secret.has(repository ?? "") ? "deny" : "allow" }),
  });
  const digest = await visitor.pushBlob("secret", "a secret");
  assert.equal((await visitor.ask("POST", `/v2/a/blobs/uploads/?mount=${digest}&from=secret`)).status, 201);
  secret.add("secret");
  assert.equal((await visitor.ask("POST", `/v2/b/blobs/uploads/?mount=${digest}&from=secret`)).status, 202);
  assert.equal((await visitor.ask("POST", `/v2/b/blobs/uploads/?mount=${digest}`)).status, 202);
  assert.equal((await visitor.ask("HEAD", `/v2/b/blobs/${digest}`)).status, 404);
});

async function visitWithTokens(t: TestContext, options: Partial<TokenOptions> = {}): Promise<Visitor> {
  const tokens = createTokenService({
    authenticate: ({ username, password }) => username === ANNA.username && password === ANNA.password,
    ...options,
  });
  return await visit(t, { storage: memoryStorage(), tokens });
}

/** Follows a challenge as a client does, and gives the headers for another try. */
async function answerChallenge(
  visitor: Visitor,
  answer: Answer,
  headers = basic(ANNA),
): Promise<Record<string, string>> {
  refused(answer, 401, "UNAUTHORIZED");
  const challenge = String(answer.headers["www-authenticate"]);
  assert.match(challenge, /^Bearer realm="http:\/\/127\.0\.0\.1:\d+\/token",service="cooper"/);
  const parts = Object.fromEntries(
    [...challenge.matchAll(/(\w+)="([^"]*)"/g)].map(([, key, value]) => [key, value]),
  );
  const query = new URLSearchParams({
    service: "cooper",
    ...(parts["scope"] ? { scope: parts["scope"] } : {}),
  });
  const given = await visitor.ask("GET", `/token?${query.toString()}`, { headers });
  assert.equal(given.status, 200, given.body.toString());
  assert.equal(jsonOf(given)["token"], jsonOf(given)["access_token"]);
  return { Authorization: `Bearer ${String(jsonOf(given)["token"])}` };
}

test("a token opens what it was given for, and nothing else", async (t) => {
  const visitor = await visitWithTokens(t);
  const path = "/v2/a/b/manifests/t";
  const content = { body: MANIFEST.bytes, headers: { "Content-Type": MANIFEST.mediaType } };
  const challenged = await visitor.ask("PUT", path, content);
  assert.match(String(challenged.headers["www-authenticate"]), /scope="repository:a\/b:pull,push"$/);
  const push = await answerChallenge(visitor, challenged);
  assert.equal(
    (await visitor.ask("PUT", path, { ...content, headers: { ...content.headers, ...push } })).status,
    201,
  );
  assert.equal((await visitor.ask("GET", path, { headers: push })).status, 200);

  const deleting = await visitor.ask("DELETE", path, { headers: push });
  assert.match(
    String(deleting.headers["www-authenticate"]),
    /scope="repository:a\/b:delete",error="insufficient_scope"$/,
  );
  const other = await visitor.ask("GET", "/v2/a/c/tags/list", { headers: push });
  assert.match(
    String(other.headers["www-authenticate"]),
    /scope="repository:a\/c:pull",error="insufficient_scope"$/,
  );
  const catalog = await visitor.ask("GET", "/v2/_catalog", { headers: push });
  assert.match(String(catalog.headers["www-authenticate"]), /scope="registry:catalog:\*"/);
  assert.equal(
    (await visitor.ask("GET", "/v2/_catalog", { headers: await answerChallenge(visitor, catalog) })).status,
    200,
  );
  assert.equal(
    (await visitor.ask("DELETE", path, { headers: await answerChallenge(visitor, deleting) })).status,
    202,
  );
});

test("nobody comes in with wrong credentials, a made-up token or one that is over", async (t) => {
  const visitor = await visitWithTokens(t, { lifetimeSeconds: 0 });
  refused(
    await visitor.ask("GET", "/token", { headers: basic({ ...ANNA, password: "no" }) }),
    401,
    "UNAUTHORIZED",
  );
  const forged = await visitor.ask("GET", "/v2/a/tags/list", {
    headers: { Authorization: "Bearer made-up" },
  });
  assert.match(String(forged.headers["www-authenticate"]), /error="invalid_token"$/);
  const over = await answerChallenge(visitor, forged);
  refused(await visitor.ask("GET", "/v2/a/tags/list", { headers: over }), 401, "UNAUTHORIZED");
});

test("a visitor without a name has what everyone has", async (t) => {
  const visitor = await visitWithTokens(t, {
    allow: (username, { action }) => username !== undefined || action === "pull",
  });
  const challenged = await visitor.ask("GET", "/v2/a/tags/list");
  const headers = await answerChallenge(visitor, challenged, {});
  refused(await visitor.ask("GET", "/v2/a/tags/list", { headers }), 404, "NAME_UNKNOWN");
  const push = await visitor.ask("POST", "/v2/a/blobs/uploads/", { headers });
  const stillNot = await answerChallenge(visitor, push, {});
  refused(await visitor.ask("POST", "/v2/a/blobs/uploads/", { headers: stillNot }), 401, "UNAUTHORIZED");
});

test("a token can be had and renewed as OAuth 2 does it", async (t) => {
  const visitor = await visitWithTokens(t);
  const form = {
    service: "cooper",
    scope: "repository:a:pull,push registry:catalog:*",
    access_type: "offline",
  };
  const post = async (fields: Record<string, string>): Promise<Answer> =>
    await visitor.ask("POST", "/token", { body: new URLSearchParams({ ...form, ...fields }).toString() });
  const first = jsonOf(await post({ grant_type: "password", ...ANNA }));
  const renewed = jsonOf(
    await post({ grant_type: "refresh_token", refresh_token: String(first["refresh_token"]) }),
  );
  const headers = { Authorization: `Bearer ${String(renewed["access_token"])}` };
  const started = await visitor.ask("POST", "/v2/a/blobs/uploads/", { headers });
  assert.equal(started.status, 202);
  assert.ok(located(started));
  assert.equal((await visitor.ask("GET", "/v2/_catalog", { headers })).status, 200);
  refused(await post({ grant_type: "refresh_token", refresh_token: "made-up" }), 401, "UNAUTHORIZED");
});

test("scopes are read, and what cannot be meant grants nothing", () => {
  assert.deepEqual(parseScopes(["repository:a/b:pull,push repository:c:*", "registry:catalog:*"]), [
    { repository: "a/b", actions: ["pull", "push"] },
    { repository: "c", actions: ["pull", "push", "delete", "make"] },
    { repository: undefined, actions: ["list"] },
  ]);
  assert.deepEqual(parseScopes(["repository(plugin):a:pull"]), [{ repository: "a", actions: ["pull"] }]);
  assert.deepEqual(parseScopes(["", "repository:../a:pull", "repository:a", "registry:other:*", "x"]), []);
});
