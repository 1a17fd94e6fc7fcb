import assert from "node:assert/strict";
import { test } from "node:test";
import { describeBytes, digestBytes, MEDIA_TYPES, serializeJson } from "@cooper/oci";
import { startPeer } from "@cooper/test";
import { openPeer } from "./opening.test.support.ts";

const SUBJECT = digestBytes(Buffer.from("subject"));
const REFERRERS = ["a", "b", "c"].map((name) => ({
  ...describeBytes(MEDIA_TYPES.oci.manifest, Buffer.from(name)),
  artifactType: name === "b" ? "application/x-b" : "application/x-other",
  annotations: { name },
}));
const indexOf = (manifests: readonly object[]): Buffer =>
  Buffer.from(serializeJson({ schemaVersion: 2, mediaType: MEDIA_TYPES.oci.index, manifests }));

test("the referrers API has pages, and may leave the filter to us", async (t) => {
  const peer = await startPeer(t, (request, response) => {
    if (request.path === "/v2/") return void response.end();
    response.setHeader("content-type", MEDIA_TYPES.oci.index);
    if (request.query.get("page") !== null) return void response.end(indexOf(REFERRERS.slice(2)));
    response.setHeader("link", `<${request.path}?page=2>; rel="next"`);
    return void response.end(indexOf(REFERRERS.slice(0, 2)));
  });
  const repository = openPeer(t, peer);
  assert.deepEqual(await repository.referrers(SUBJECT), REFERRERS);
  assert.deepEqual(await repository.referrers(SUBJECT, { artifactType: "application/x-b" }), [REFERRERS[1]]);
});

for (const [name, status, body] of [
  ["404", 404, ""],
  ["a start page", 200, "<html>"],
  ["405", 405, ""],
] as const) {
  test(`where the referrers API is ${name}, the fallback tag is read`, async (t) => {
    const peer = await startPeer(t, (request, response) => {
      if (request.path.includes("/referrers/")) return void response.writeHead(status).end(body);
      if (request.path.endsWith(`/manifests/${SUBJECT.replace(":", "-")}`)) {
        return void response
          .writeHead(200, { "content-type": MEDIA_TYPES.oci.index })
          .end(indexOf(REFERRERS));
      }
      return void response.writeHead(request.path === "/v2/" ? 200 : 404).end();
    });
    const repository = openPeer(t, peer);
    assert.deepEqual(await repository.referrers(SUBJECT, { artifactType: "application/x-b" }), [
      REFERRERS[1],
    ]);
    assert.deepEqual(await repository.referrers(digestBytes(Buffer.from("none"))), []);
  });
}
