import assert from "node:assert/strict";
import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { test } from "node:test";
import { isFault } from "@cooper/sys";
import { clientKey, clientReader } from "./client.ts";

function from(address: string, headers: Readonly<Record<string, string>> = {}): IncomingMessage {
  const request = new IncomingMessage(
    Object.defineProperty(new Socket(), "remoteAddress", { value: address }),
  );
  request.headers = headers;
  return request;
}

test("what is said of a request's origin counts only from a proxy that is believed", () => {
  const read = clientReader(["10.0.0.0/8", "::1", "192.168.1.1"]);
  const lie = { "x-forwarded-for": "1.2.3.4", "x-forwarded-proto": "https" };
  assert.deepEqual(read(from("9.9.9.9", lie)), { address: "9.9.9.9", scheme: "http" });
  assert.deepEqual(read(from("10.1.2.3", lie)), { address: "1.2.3.4", scheme: "https" });
  assert.deepEqual(read(from("::ffff:10.1.2.3", lie)), { address: "1.2.3.4", scheme: "https" });
  assert.deepEqual(read(from("::1", lie)).address, "1.2.3.4");
  assert.deepEqual(clientReader([])(from("127.0.0.1", lie)), { address: "127.0.0.1", scheme: "http" });
});

test("a client that writes the header itself does not get to be somebody else", () => {
  const read = clientReader(["10.0.0.0/8"]);
  for (const [forwarded, address] of [
    ["6.6.6.6, 1.2.3.4", "1.2.3.4"],
    ["6.6.6.6, 1.2.3.4, 10.0.0.7", "1.2.3.4"],
    ["6.6.6.6, not an address", "10.0.0.1"],
    ["10.0.0.8, 10.0.0.9", "10.0.0.1"],
    ["", "10.0.0.1"],
  ] as const) {
    assert.equal(read(from("10.0.0.1", { "x-forwarded-for": forwarded })).address, address, forwarded);
  }
});

test("an IPv6 client is its network", () => {
  assert.equal(clientKey("192.0.2.1"), "192.0.2.1");
  assert.equal(clientKey("2001:db8:1:2:3:4:5:6"), clientKey("2001:db8:1:2::9"));
  assert.notEqual(clientKey("2001:db8:1:3::9"), clientKey("2001:db8:1:2::9"));
  assert.equal(clientKey("::1"), "0:0:0:0::/64");
});

test("what is no network is refused", () => {
  for (const text of ["x", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/8/8", "::/129", ""]) {
    assert.throws(
      () => clientReader([text]),
      (error) => isFault(error, "CONFIG_INVALID"),
      text,
    );
  }
});
