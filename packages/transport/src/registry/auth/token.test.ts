import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { ANONYMOUS } from "../../credentials/credential.ts";
import { Reply } from "../http/reply.ts";
import { requestToken } from "./token.ts";

for (const [name, answer, lifetime] of [
  ["that does not say how long it lasts is good for 60 seconds", {}, 60],
  ["says how long it lasts", { expires_in: 3600 }, 3600],
  ["that says less than 60 seconds is good for 60, as Docker's servers mean it", { expires_in: 5 }, 60],
] as const) {
  test(`a token ${name}`, async () => {
    const token = await requestToken({
      server: { realm: "https://auth.example/token", service: undefined },
      credential: ANONYMOUS,
      scopes: ["repository:a:pull"],
      registry: new URL("https://registry.example"),
      host: "registry.example",
      redact: (text) => text,
      ask: async ({ url }) =>
        await Promise.resolve(
          new Reply({
            status: 200,
            url,
            redirected: false,
            headers: {},
            body: Readable.from([Buffer.from(JSON.stringify({ token: "t", ...answer }))]),
            fault: (error) => error,
          }),
        ),
    });
    assert.equal(token.lifetime, lifetime);
  });
}
