import assert from "node:assert/strict";
import { test } from "node:test";
import { isFault } from "@cooper/sys";
import { parseAddress } from "./address.ts";

test("an address is a host and a port", () => {
  assert.deepEqual(parseAddress("127.0.0.1:5000"), { host: "127.0.0.1", port: 5000 });
  assert.deepEqual(parseAddress("localhost:0"), { host: "localhost", port: 0 });
  assert.deepEqual(parseAddress("[::1]:80"), { host: "::1", port: 80 });
  assert.deepEqual(parseAddress(":5000"), { host: "::", port: 5000 });
});

test("what is no address is refused", () => {
  for (const text of [
    "",
    "5000",
    "host",
    "host:",
    "host:65536",
    "::1:5000",
    "[x]:1",
    "a b:1",
    "host:5000/",
  ]) {
    assert.throws(
      () => parseAddress(text),
      (error) => isFault(error, "CONFIG_INVALID"),
    );
  }
});
