import assert from "node:assert/strict";
import { test } from "node:test";
import { assertSafeTarget, hostnameOf, isLoopback, isPrivateAddress } from "./address.ts";

for (const address of [
  "10.1.2.3",
  "127.0.0.1",
  "169.254.169.254",
  "172.31.0.1",
  "192.168.0.1",
  "100.64.0.1",
  "0.0.0.0",
  "::1",
  "::",
  "fd00::1",
  "fe80::1",
  "::ffff:10.0.0.1",
  "::ffff:a9fe:a9fe",
  "64:ff9b::a00:1",
  "203.0.113.1",
  "224.0.0.1",
  "255.255.255.255",
  "ff02::1",
  "2002:a00:1::",
  "2001:0:a00:1::",
]) {
  test(`${address} is not on the public internet`, () => assert.ok(isPrivateAddress(address)));
}

for (const address of [
  "8.8.8.8",
  "172.32.0.1",
  "2600::1",
  "::ffff:8.8.8.8",
  "example.com",
  "10.example.com",
]) {
  test(`${address} is not a private address`, () => assert.ok(!isPrivateAddress(address)));
}

test("the machine itself has several names", () => {
  for (const name of ["localhost", "registry.localhost", "127.0.0.1", "127.9.9.9", "::1"]) {
    assert.ok(isLoopback(name), name);
  }
  for (const name of ["localhost.example.com", "notlocalhost", "10.0.0.1"])
    assert.ok(!isLoopback(name), name);
});

const REFUSED: readonly (readonly [string, string, string])[] = [
  ["plain HTTP from an https registry", "https://reg.example", "http://auth.example/token"],
  ["the cloud's metadata address", "https://reg.example", "https://169.254.169.254/latest"],
  ["a private address in IPv6 clothes", "https://reg.example", "https://[::ffff:10.0.0.1]/"],
  ["a private address as one number", "https://reg.example", "https://167772161/"],
  ["the machine itself", "https://reg.example", "https://localhost/token"],
  ["the machine itself, with a final dot", "https://reg.example", "https://localhost./token"],
  ["credentials in the address", "https://reg.example", "https://a:b@auth.example/"],
  ["another scheme", "https://reg.example", "file:///etc/passwd"],
  ["another private host from a private registry", "http://10.0.0.1:5000", "http://10.0.0.2/"],
];
for (const [name, registry, target] of REFUSED) {
  test(`a registry must not send Cooper to ${name}`, () => {
    assert.throws(() => assertSafeTarget(new URL(target), new URL(registry), "a redirect to"), {
      code: "UNSAFE_ADDRESS",
    });
  });
}

const TAKEN: readonly (readonly [string, string])[] = [
  ["https://reg.example", "https://cdn.example:8443/x?sig=1"],
  ["http://10.0.0.1:5000", "http://10.0.0.1:5001/token"],
  ["http://127.0.0.1:5000", "http://localhost:5001/token"],
  ["http://10.0.0.1:5000", "https://cdn.example/"],
];
for (const [registry, target] of TAKEN) {
  test(`${registry} may send Cooper to ${target}`, () => {
    assertSafeTarget(new URL(target), new URL(registry), "a redirect to");
  });
}

test("a refusal does not show a signed query", () => {
  assert.throws(
    () =>
      assertSafeTarget(
        new URL("http://a.example/x?sig=secret"),
        new URL("https://b.example"),
        "a redirect to",
      ),
    (error: Error) => !error.message.includes("secret"),
  );
});

test("an IPv6 host loses its brackets", () => {
  assert.equal(hostnameOf(new URL("http://[::1]:5000/")), "::1");
});
