import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { temporaryDirectory } from "./directory.ts";
import { requireProgram, run } from "./program.ts";

export interface Authority {
  readonly directory: string;
  readonly ca: string;
  /** Paths of a certificate for 127.0.0.1 and its key, signed by the authority. */
  readonly certificate: string;
  readonly key: string;
}

/** An authority of the test's own, and a certificate from it that serves for servers and clients. */
export async function authority(t: TestContext): Promise<Authority | undefined> {
  const openssl = requireProgram(t, "openssl");
  if (openssl === undefined) return undefined;
  const directory = temporaryDirectory(t);
  const path = (name: string): string => join(directory, name);
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const ca = ["req", "-x509", ...key, "-days", "2", "-subj", "/CN=cooper test authority"];
  await run(openssl, [...ca, "-keyout", path("ca.key"), "-out", path("ca.crt")]);
  const request = [
    "req",
    ...key,
    "-subj",
    "/CN=cooper test",
    "-keyout",
    path("leaf.key"),
    "-out",
    path("leaf.csr"),
  ];
  await run(openssl, request);
  writeFileSync(path("extensions"), "subjectAltName=IP:127.0.0.1,DNS:registry.test\n");
  const sign = ["x509", "-req", "-in", path("leaf.csr"), "-CA", path("ca.crt"), "-CAkey", path("ca.key")];
  await run(openssl, [
    ...sign,
    "-CAcreateserial",
    "-days",
    "2",
    "-extfile",
    path("extensions"),
    "-out",
    path("leaf.crt"),
  ]);
  return { directory, ca: path("ca.crt"), certificate: path("leaf.crt"), key: path("leaf.key") };
}
