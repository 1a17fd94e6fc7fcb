import assert from "node:assert/strict";
import { createPublicKey, createSecretKey, generateKeyPairSync } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { suite, test } from "node:test";
import type { TestContext } from "node:test";
import { hashSync } from "bcryptjs";
import { exportJWK, SignJWT, UnsecuredJWT } from "jose";
import type { JWTHeaderParameters, JWTPayload } from "jose";
import { temporaryDirectory } from "@cooper/test";
import { manifestOf, OCI_INDEX, visitorOf } from "../conformance/visitor.test.ts";
import type { Answer, Visitor } from "../conformance/visitor.test.ts";
import { startService } from "./service.fixture.ts";

const PASSWORD = "a word";
const USERS = ["anna", "olga"].map((name) => `${name}:${hashSync(PASSWORD, 4)}`).join("\n");
const RULES = "* pull public/**; @users pull,push,delete home/{user}/**; @ops all **";
const MANIFEST = manifestOf({ manifests: [] }, OCI_INDEX);

function usersFile(t: TestContext): string {
  const path = join(temporaryDirectory(t), "users");
  writeFileSync(path, USERS);
  return path;
}

function keyFile(t: TestContext, key: KeyObject): string {
  const path = join(temporaryDirectory(t), "key.pem");
  writeFileSync(path, key.export({ type: "pkcs8", format: "pem" }));
  return path;
}

type Headers = Readonly<Record<string, string>>;

function basic(username: string, password: string = PASSWORD): Headers {
  return { Authorization: `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}` };
}

/** Does what a client does who is called so; the answer is the last one. */
type Client = (method: string, path: string, who: string | undefined, body?: Buffer) => Promise<Answer>;

function basicClient(visitor: Visitor): Client {
  return async (method, path, who, body) =>
    await visitor.ask(method, path, {
      headers: headersOf(who === undefined ? {} : basic(who)),
      ...bodyOf(body),
    });
}

function tokenClient(visitor: Visitor): Client {
  return async (method, path, who, body) => {
    const first = await visitor.ask(method, path, { headers: headersOf({}), ...bodyOf(body) });
    if (first.status !== 401) return first;
    const [, scope = ""] = /scope="([^"]*)"/.exec(String(first.headers["www-authenticate"])) ?? [];
    const credentials = who === undefined ? {} : basic(who);
    const query = new URLSearchParams({ service: "cooper", ...(scope === "" ? {} : { scope }) });
    const given = await visitor.ask("GET", `/token?${query.toString()}`, { headers: credentials });
    if (given.status !== 200) return given;
    const { token }: { token: string } = JSON.parse(given.body.toString());
    return await visitor.ask(method, path, {
      headers: headersOf({ Authorization: `Bearer ${token}` }),
      ...bodyOf(body),
    });
  };
}

function headersOf(headers: Headers): Headers {
  return { "Content-Type": OCI_INDEX, ...headers };
}

function bodyOf(body: Buffer | undefined): { readonly body?: Buffer } {
  return body === undefined ? {} : { body };
}

/** Who asks for what, and the status; where Basic and tokens differ, both. "no": 401 or 403. */
const TABLE: readonly (readonly [
  who: string | undefined,
  method: string,
  path: string,
  status: number | "no",
])[] = [
  [undefined, "GET", "/v2/", "no"],
  ["anna", "GET", "/v2/", 200],
  ["zoe", "GET", "/v2/", "no"],
  [undefined, "GET", "/v2/public/a/manifests/v1", 200],
  [undefined, "PUT", "/v2/public/a/manifests/v2", "no"],
  [undefined, "DELETE", "/v2/public/a/manifests/v1", "no"],
  [undefined, "GET", "/v2/home/anna/a/manifests/v1", "no"],
  [undefined, "GET", "/v2/_catalog", "no"],
  ["anna", "GET", "/v2/public/a/manifests/v1", 200],
  ["anna", "PUT", "/v2/public/a/manifests/v2", "no"],
  ["anna", "PUT", "/v2/home/anna/a/manifests/v2", 201],
  ["anna", "DELETE", "/v2/home/anna/a/manifests/v2", 202],
  ["anna", "POST", "/v2/home/anna/a/blobs/uploads/", 202],
  ["anna", "GET", "/v2/home/olga/a/tags/list", "no"],
  ["anna", "PUT", "/v2/home/olga/a/manifests/v2", "no"],
  ["anna", "GET", "/v2/_catalog", "no"],
  ["olga", "PUT", "/v2/home/anna/a/manifests/v3", 201],
  ["olga", "GET", "/v2/_catalog", 200],
  ["olga", "DELETE", "/v2/home/anna/a/manifests/v3", 202],
  ["zoe", "GET", "/v2/public/a/manifests/v1", "no"],
];

for (const [kind, clientOf] of [
  ["passwords", basicClient],
  ["tokens", tokenClient],
] as const) {
  suite(`who may do what, by ${kind}`, () => {
    test("is what the rules say, for every row of the table", async (t) => {
      const { privateKey } = generateKeyPairSync("ed25519");
      const service = await startService(t, {
        authUsers: usersFile(t),
        authRules: RULES,
        authGroups: "ops=olga",
        ...(kind === "tokens" ? { tokenKey: keyFile(t, privateKey) } : {}),
      });
      const client = clientOf(visitorOf(t, service.url));
      for (const repository of ["public/a", "home/anna/a"]) {
        // oxlint-disable-next-line no-await-in-loop
        const pushed = await client("PUT", `/v2/${repository}/manifests/v1`, "olga", MANIFEST.bytes);
        assert.equal(pushed.status, 201, pushed.body.toString());
      }
      for (const [who, method, path, status] of TABLE) {
        const row = `${who} ${method} ${path}`;
        // oxlint-disable-next-line no-await-in-loop
        const answer = await client(method, path, who, method === "PUT" ? MANIFEST.bytes : undefined);
        if (status === "no") assert.ok([401, 403].includes(answer.status), `${row}: ${answer.status}`);
        else assert.equal(answer.status, status, `${row}: ${answer.body.toString()}`);
      }
      const names = service.lines.filter(({ status }) => status === 201).map(({ username }) => username);
      assert.deepEqual([...new Set(names)].toSorted(), ["anna", "olga"], "the log says who it was");
      assert.equal((await client("GET", "/metrics", undefined)).status, 404, "metrics are not for everyone");
    });
  });
}

suite("tokens", () => {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const stranger = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  const access = [{ type: "repository", name: "public/a", actions: ["pull", "push"] }];
  const header: JWTHeaderParameters = { alg: "ES256", typ: "JWT" };

  async function sign(
    payload: JWTPayload,
    more: Partial<JWTHeaderParameters> = {},
    key: KeyObject = privateKey,
  ) {
    return await new SignJWT({ iss: "cooper", aud: "cooper", sub: "anna", access, ...payload })
      .setProtectedHeader({ ...header, ...more })
      .sign(key);
  }

  const soon = Math.floor(Date.now() / 1000) + 300;
  const asSecret = createSecretKey(Buffer.from(publicKey.export({ type: "spki", format: "pem" })));

  /** Every token that somebody might try, and what is wrong with it. */
  const FORGED: Readonly<Record<string, () => Promise<string> | string>> = {
    "signed with another key": async () => await sign({ exp: soon }, {}, stranger),
    "signed with another key that it brings along": async () =>
      await sign({ exp: soon }, { jwk: await exportJWK(createPublicKey(stranger)) }, stranger),
    "signed with another key that it says where to find": async () =>
      await sign({ exp: soon }, { jku: "http://127.0.0.1/keys", kid: "../../../etc/passwd" }, stranger),
    "not signed": () =>
      new UnsecuredJWT({ access }).setIssuer("cooper").setAudience("cooper").setExpirationTime(soon).encode(),
    "signed with the public key as a secret": async () =>
      await new SignJWT({ iss: "cooper", aud: "cooper", exp: soon, access })
        .setProtectedHeader({ alg: "HS256" })
        .sign(asSecret),
    over: async () => await sign({ exp: soon - 400 }),
    "without an end": async () => await sign({}),
    "not yet valid": async () => await sign({ exp: soon + 500, nbf: soon }),
    "for another audience": async () => await sign({ exp: soon, aud: "other" }),
    "for nobody": async () => await sign({ exp: soon, aud: [] }),
    "of another issuer": async () => await sign({ exp: soon, iss: "other" }),
    "with an access claim of another form": async () => await sign({ exp: soon, access: { public: true } }),
    "for another repository": async () =>
      await sign({ exp: soon, access: [{ type: "repository", name: "public/b", actions: ["*"] }] }),
    "for a repository that only looks the same": async () =>
      await sign({ exp: soon, access: [{ type: "repository", name: "public/a/../a", actions: ["*"] }] }),
    "for another kind of thing": async () =>
      await sign({ exp: soon, access: [{ type: "registry", name: "public/a", actions: ["*"] }] }),
    "changed after it was signed": async () => {
      const [head, , signature] = (await sign({ exp: soon, access: [] })).split(".");
      const payload = Buffer.from(JSON.stringify({ iss: "cooper", aud: "cooper", exp: soon, access }));
      return `${head}.${payload.toString("base64url")}.${signature}`;
    },
    "with an extension that must be understood": async () =>
      await sign({ exp: soon }, { crit: ["b64"], b64: true }, stranger),
    nonsense: () => "a.b.c",
    "far too long": () => `${"a".repeat(20_000)}.b.c`,
    empty: () => "x",
  };

  test("forged, expired, for somebody else: each is refused; a good one is not", async (t) => {
    const service = await startService(t, {
      authUsers: usersFile(t),
      authRules: "* pull public/**",
      tokenKey: keyFile(t, privateKey),
    });
    const visitor = visitorOf(t, service.url);
    const ask = async (token: string): Promise<Answer> =>
      await visitor.ask("GET", "/v2/public/a/tags/list", { headers: { Authorization: `Bearer ${token}` } });
    for (const [what, make] of Object.entries(FORGED)) {
      // oxlint-disable-next-line no-await-in-loop
      const answer = await ask(await make());
      assert.equal(answer.status, 401, what);
      assert.match(
        String(answer.headers["www-authenticate"]),
        /error="(invalid_token|insufficient_scope)"$/,
        what,
      );
    }
    assert.equal(
      (await ask(await sign({ exp: soon }))).status,
      404,
      "a good one finds that nothing is there",
    );
    assert.equal((await ask(await sign({ exp: soon }, { kid: "no such key" }))).status, 404);
  });

  test("another service's tokens are taken, and its address is told", async (t) => {
    const keys = join(temporaryDirectory(t), "keys");
    for (const text of [
      JSON.stringify({ keys: [await exportJWK(publicKey)] }),
      publicKey.export({ type: "spki", format: "pem" }).toString(),
    ]) {
      writeFileSync(keys, text);
      // oxlint-disable-next-line no-await-in-loop
      const service = await startService(t, {
        tokenUrl: "https://auth.example/token",
        tokenPublicKeys: keys,
      });
      const visitor = visitorOf(t, service.url);
      // oxlint-disable-next-line no-await-in-loop
      const challenged = await visitor.ask("GET", "/v2/public/a/tags/list");
      assert.match(
        String(challenged.headers["www-authenticate"]),
        /^Bearer realm="https:\/\/auth\.example\/token",service="cooper",scope="repository:public\/a:pull"$/,
      );
      // oxlint-disable-next-line no-await-in-loop
      const headers = { Authorization: `Bearer ${await sign({ exp: soon })}` };
      assert.equal((await visitor.ask("GET", "/v2/public/a/tags/list", { headers })).status, 404); // oxlint-disable-line no-await-in-loop
      assert.equal((await visitor.ask("GET", "/token")).status, 404, "it gives out none itself"); // oxlint-disable-line no-await-in-loop
    }
  });

  test("keys that are of no use are told at the start", async (t) => {
    const directory = temporaryDirectory(t);
    const file = (name: string, text: string): string => {
      writeFileSync(join(directory, name), text);
      return join(directory, name);
    };
    const weak = generateKeyPairSync("rsa", { modulusLength: 1024 });
    const cases = [
      { tokenKey: join(directory, "missing") },
      { tokenKey: file("nonsense", "nonsense") },
      { tokenKey: keyFile(t, weak.privateKey) },
      { tokenUrl: "https://a/token", tokenPublicKeys: file("empty", "{}") },
      { tokenUrl: "https://a/token", tokenPublicKeys: file("none", '{"keys":[]}') },
      {
        tokenUrl: "https://a/token",
        tokenPublicKeys: file("secret", '{"keys":[{"kty":"oct","k":"c2VjcmV0"}]}'),
      },
    ];
    for (const flags of cases) {
      // oxlint-disable-next-line no-await-in-loop
      await assert.rejects(async () => await startService(t, flags), { code: "CONFIG_INVALID" });
    }
  });

  test("behind a proxy, clients are sent to where they reach the registry", async (t) => {
    const flags = { authUsers: usersFile(t), tokenKey: keyFile(t, privateKey) };
    const ask = async (more: Headers, headers: Headers): Promise<string> => {
      const service = await startService(t, { ...flags, ...more });
      const answer = await visitorOf(t, service.url).ask("GET", "/v2/", { headers });
      return /realm="([^"]*)"/.exec(String(answer.headers["www-authenticate"]))?.[1] ?? "";
    };
    const forwarded = { Host: "registry.example", "X-Forwarded-Proto": "https" };
    assert.equal(await ask({}, forwarded), "http://registry.example/token");
    assert.equal(await ask({ proxies: "127.0.0.1" }, forwarded), "https://registry.example/token");
    assert.equal(await ask({ publicUrl: "https://a.example" }, forwarded), "https://a.example/token");
  });
});
