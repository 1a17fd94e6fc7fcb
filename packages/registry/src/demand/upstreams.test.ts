import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { startPeer, temporaryDirectory } from "@cooper/test";
import { basicAuthorization } from "../auth/basic.ts";
import { digestOf, manifestOf, OCI_IMAGE, visitorOf } from "../conformance/visitor.test.ts";
import { imageWith, pull, serveDemand, startUpstream } from "./demand.fixture.ts";
import { Upstreams } from "./upstreams.ts";

test("a visitor's word leads to no private address, however it is written", async (t) => {
  const upstream = await startUpstream(t);
  await upstream.push("mine/app:v1", imageWith(["a"]));
  const before = upstream.log.length;
  const { url } = await serveDemand(t, { upstreams: [{ host: "*" }] });
  const visitor = visitorOf(t, url);
  const port = upstream.host.split(":")[1];
  const hosts = [
    `127.0.0.1__c${port}`,
    `localhost__c${port}`,
    `2130706433__c${port}`,
    `0x7f.1__c${port}`,
    `0__x5b__c__c1__x5d__c${port}`, // [::1]
    `0__x5b__c__cffff__c127.0.0.1__x5d__c${port}`,
    "169.254.169.254",
    "10.0.0.1",
  ];
  for (const maker of ["mirror", "flatten"]) {
    for (const host of hosts) {
      // oxlint-disable-next-line no-await-in-loop
      const answer = await visitor.ask("GET", `/v2/${maker}/${host}/mine/app/manifests/v1`);
      assert.ok(
        [403, 404].includes(answer.status),
        `${maker}/${host}: ${answer.status} ${answer.body.toString()}`,
      );
      assert.match(answer.body.toString(), /private address|is not a reference/, host);
    }
  }
  assert.equal(upstream.log.length, before, "nothing arrives there");
});

test("a redirect leads to no private address either", async (t) => {
  const peer = await startPeer(t, (request, response) => {
    if (request.path === "/v2/") return response.end("{}");
    response.statusCode = 307;
    response.setHeader("Location", "http://169.254.169.254/latest/meta-data/");
    return response.end();
  });
  const { url } = await serveDemand(t);
  const visitor = visitorOf(t, url);
  const name = peer.host.replace(":", "__c");
  for (const path of [
    `mirror/${name}/a/manifests/v1`,
    `mirror/${name}/a/manifests/${digestOf("x")}`,
    `mirror/${name}/a/blobs/${digestOf("x")}`,
    `flatten/${name}/a/manifests/v1`,
  ]) {
    // oxlint-disable-next-line no-await-in-loop
    const answer = await visitor.ask("GET", `/v2/${path}`);
    assert.equal(answer.status, 403, path);
    assert.match(answer.body.toString(), /169\.254\.169\.254.* is at a private address/, path);
  }
});

test("a layer that stands elsewhere is not fetched from a private address", async (t) => {
  const manifest = manifestOf({
    config: { mediaType: "application/vnd.oci.image.config.v1+json", digest: digestOf("{}"), size: 2 },
    layers: [
      {
        mediaType: "application/vnd.oci.image.layer.v1.tar",
        digest: digestOf("secret"),
        size: 6,
        urls: ["http://169.254.169.254/secret"],
      },
    ],
  });
  const peer = await startPeer(t, (request, response) => {
    if (request.path === "/v2/") return response.end("{}");
    if (request.path.endsWith(digestOf("{}"))) return response.end("{}");
    if (request.path.includes("/blobs/")) {
      response.statusCode = 404;
      return response.end();
    }
    response.setHeader("Content-Type", OCI_IMAGE);
    return response.end(request.method === "HEAD" ? undefined : manifest.bytes);
  });
  const { url } = await serveDemand(t);
  const answer = await visitorOf(t, url).ask(
    "GET",
    `/v2/flatten/${peer.host.replace(":", "__c")}/a/manifests/v1`,
  );
  assert.ok(answer.status >= 400 && answer.status < 500, answer.body.toString());
  assert.doesNotMatch(answer.body.toString(), /did not answer|nothing answers/);
});

test("only upstreams on the list are asked; the first that fits counts", async (t) => {
  const upstream = await startUpstream(t);
  await upstream.push("mine/app:v1", imageWith(["a"]));
  const { url, host } = await serveDemand(t, {
    upstreams: [{ host: "*.example.org" }, { host: upstream.host }],
  });
  assert.deepEqual((await pull(`${host}/mirror/${upstream.component}/mine/app:v1`)).layers, { amd64: 1 });
  const refused = await visitorOf(t, url).ask("GET", "/v2/flatten/docker.io/library/alpine/manifests/3");
  assert.equal(refused.status, 403);
  assert.match(
    refused.body.toString(),
    /nothing is taken from docker\.io here.*allows \*\.example\.org, 127\.0\.0\.1:\d+/,
  );
  const upstreams = new Upstreams([{ host: "*.example.org" }]);
  t.after(async () => await upstreams.close());
  const allows = (name: string): boolean => {
    try {
      upstreams.repository({ host: name, repository: "a" });
      return true;
    } catch {
      return false;
    }
  };
  assert.deepEqual(
    ["a.example.org", "a.b.example.org", "example.org", "aexample.org", "a.example.org.evil.test"].map(
      allows,
    ),
    [true, true, false, false, false],
  );
});

test("credentials go to an upstream only where the operator says so", async (t) => {
  const config = temporaryDirectory(t);
  const upstream = await startUpstream(t, {
    authorize: basicAuthorization({
      realm: "upstream",
      check: ({ username, password }) => username === "anna" && password === "word",
    }),
  });
  const auth = Buffer.from("anna:word").toString("base64");
  writeFileSync(join(config, "config.json"), JSON.stringify({ auths: { [upstream.host]: { auth } } }));
  const upstreamOptions = { environment: { DOCKER_CONFIG: config, HOME: config } };
  const path = `/v2/mirror/${upstream.component}/mine/app/manifests/v1`;
  const without = await serveDemand(t, { upstreams: [{ host: upstream.host }], upstreamOptions });
  const refused = await visitorOf(t, without.url).ask("GET", path, {
    headers: { Authorization: `Basic ${auth}` },
  });
  assert.equal(refused.status, 403, "a visitor's own go nowhere");
  const allowed = await serveDemand(t, {
    upstreams: [{ host: upstream.host, credentials: "docker" }],
    upstreamOptions,
  });
  const answer = await visitorOf(t, allowed.url).ask("GET", path);
  assert.equal(answer.status, 404, "it may ask, and there is no such image");
});
