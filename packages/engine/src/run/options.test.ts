import assert from "node:assert/strict";
import { test } from "node:test";
import { parseCpus, parseMemory, parsePublishedPort, parseVolume } from "./options.ts";

test("ports are read as Docker reads them, on the loopback address by default", () => {
  const cases = [
    ["80", "127.0.0.1", 80, 80],
    ["8080:80", "127.0.0.1", 8080, 80],
    ["0:80", "127.0.0.1", 0, 80],
    ["0.0.0.0:8080:80/tcp", "0.0.0.0", 8080, 80],
    ["[::1]:8080:80", "::1", 8080, 80],
  ] as const;
  for (const [text, address, hostPort, containerPort] of cases) {
    assert.deepEqual(parsePublishedPort(text), { address, hostPort, containerPort }, text);
  }
});

test("what is no port is a wrong usage that shows the form", () => {
  for (const text of ["", "x", "80/udp", "1:2:3", "70000:1", "1:0", "1:70000", ":80"]) {
    assert.throws(() => parsePublishedPort(text), { code: "OPTION_INVALID", kind: "usage" }, text);
  }
});

function resolve(path: string): string {
  return `/here/${path}`;
}

test("a volume has an absolute target and at most an access", () => {
  assert.deepEqual(parseVolume("data:/data", resolve), {
    source: "/here/data",
    target: "/data",
    access: "read-write",
  });
  assert.equal(parseVolume("d:/d:ro", resolve).access, "read-only");
  for (const text of ["", "/d", "d:", "d:rel", "d:/d:rx", "d:/d:ro:z", ":/d"]) {
    assert.throws(() => parseVolume(text, resolve), { code: "OPTION_INVALID" }, text);
  }
});

test("sizes are powers of 1024 and at least what a process needs", () => {
  assert.equal(parseMemory("512m"), 512 * 2 ** 20);
  assert.equal(parseMemory("1.5G"), 1.5 * 2 ** 30);
  assert.equal(parseMemory("2GiB"), 2 * 2 ** 30);
  assert.equal(parseMemory("8388608"), 8 * 2 ** 20);
  assert.equal(parseMemory("5t"), 5 * 2 ** 40);
  for (const text of ["", "1", "1k", "m", "-5m", "5x", "5 m"]) {
    assert.throws(() => parseMemory(text), { code: "OPTION_INVALID" }, text);
  }
});

test("CPUs are a positive number", () => {
  assert.equal(parseCpus("0.5"), 0.5);
  assert.equal(parseCpus(".5"), 0.5);
  for (const text of ["", "0", "0.001", "-1", "two", "1e3"]) {
    assert.throws(() => parseCpus(text), { code: "OPTION_INVALID" }, text);
  }
});
