import assert from "node:assert/strict";
import { test } from "node:test";
import { startPeer, temporaryDirectory } from "@cooper/test";
import type { PeerHandler } from "@cooper/test";
import { openPeer } from "./opening.test.support.ts";
import { listRepositories } from "./repository.ts";

/** Pages of tags by `last`, with or without Link; what a page holds at most is the registry's choice. */
function tagPages(all: readonly string[], size: number, link: "link" | "no link"): PeerHandler {
  return (request, response) => {
    if (request.path === "/v2/") return void response.end();
    assert.ok(Number(request.query.get("n")) <= 1000, "ECR refuses more");
    const start = all.indexOf(request.query.get("last") ?? "") + 1;
    const tags = all.slice(start, start + size);
    const next = `</v2/a/b/tags/list?n=1000&last=${tags.at(-1)}>; rel="next"`;
    if (link === "link" && start + size < all.length) response.setHeader("link", next);
    return void response.end(JSON.stringify({ name: "a/b", tags }));
  };
}

const TAGS = Array.from({ length: 2500 }, (_, n) => `t${String(n).padStart(5, "0")}`);

for (const [name, handle] of [
  ["a Link, also where pages are shorter than asked for", tagPages(TAGS, 700, "link")],
  ["the last name where a full page has no Link", tagPages(TAGS, 1000, "no link")],
  [
    "nothing, as the registry gives everything at once",
    (request, response) => {
      response.end(JSON.stringify({ tags: request.path === "/v2/" ? undefined : TAGS }));
    },
  ],
] satisfies readonly (readonly [string, PeerHandler])[]) {
  test(`all tags are found by ${name}`, async (t) => {
    const peer = await startPeer(t, handle);
    assert.deepEqual(await Array.fromAsync(openPeer(t, peer).tags()), TAGS);
  });
}

test("a registry that ignores both n and last is asked no more than twice", async (t) => {
  const exactly = TAGS.slice(0, 1000);
  const peer = await startPeer(t, (_, response) => void response.end(JSON.stringify({ tags: exactly })));
  assert.deepEqual(await Array.fromAsync(openPeer(t, peer).tags()), exactly);
  assert.equal(peer.log.length, 3);
});

test("a repository without tags has none, also as null", async (t) => {
  const peer = await startPeer(t, (_, response) => void response.end('{"name":"a/b","tags":null}'));
  assert.deepEqual(await Array.fromAsync(openPeer(t, peer).tags()), []);
});

test("a next page on another host is refused; one by another scheme is the same host's", async (t) => {
  const peer = await startPeer(t, (request, response) => {
    if (request.query.get("last") === "b") return void response.end('{"tags":["c"]}');
    const address =
      request.query.get("last") === "a"
        ? "https://127.0.0.1/v2/a/b/tags/list?last=b"
        : "/v2/a/b/tags/list?last=a";
    response.setHeader("link", `<${address}>; rel="next"`);
    return void response.end(JSON.stringify({ tags: [request.query.get("last") === "a" ? "b" : "a"] }));
  });
  assert.deepEqual(await Array.fromAsync(openPeer(t, peer).tags()), ["a", "b", "c"]);
  const evil = await startPeer(t, (_, response) => {
    response.setHeader("link", '<https://evil.example/v2/>; rel="next"');
    response.end('{"tags":["a"]}');
  });
  await assert.rejects(Array.fromAsync(openPeer(t, evil).tags()), { code: "UNSAFE_ADDRESS" });
});

test("a next page that leads in a circle ends", async (t) => {
  const peer = await startPeer(t, (_, response) => {
    response.setHeader("link", '</v2/a/b/tags/list?last=x>; rel="next"');
    response.end('{"tags":["a"]}');
  });
  assert.deepEqual(await Array.fromAsync(openPeer(t, peer).tags()), ["a"]);
});

test("the list of repositories has pages too", async (t) => {
  const peer = await startPeer(t, (request, response) => {
    if (request.query.get("last") === null) response.setHeader("link", '</v2/_catalog?last=a>; rel="next"');
    response.end(JSON.stringify({ repositories: [request.query.get("last") === null ? "a" : "b/c"] }));
  });
  const environment = { HOME: temporaryDirectory(t) };
  assert.deepEqual(await Array.fromAsync(listRepositories(peer.host, { environment })), ["a", "b/c"]);
});

test("something that is no registry is named as such", async (t) => {
  const peer = await startPeer(t, (_, response) => void response.end("<html>welcome</html>"));
  await assert.rejects(Array.fromAsync(openPeer(t, peer).tags()), { code: "BAD_RESPONSE" });
});
