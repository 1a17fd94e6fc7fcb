import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "@cooper/test";
import { hostConfiguration, type ShownConfiguration } from "./host-configuration.ts";

test("npm is told of the host's authorities only where the project names others, and Node always", (t) => {
  const home = temporaryDirectory(t);
  const bundle = join(home, "bundle.pem");
  const npmrc = join(home, ".npmrc");
  writeFileSync(bundle, "");
  const shownBy = (user: string, project: string): ShownConfiguration => {
    writeFileSync(npmrc, user);
    const environment = { HOME: home, SSL_CERT_FILE: bundle };
    return hostConfiguration(["npm", "certificates"], environment, project);
  };
  const plain = shownBy("fund=false\n", "; cafile=none\n");
  const { NODE_EXTRA_CA_CERTS: trusted = "", NPM_CONFIG_USERCONFIG: target = "" } = plain.environment;
  assert.equal(trusted, plain.environment["SSL_CERT_FILE"]);
  assert.equal(plain.environment["NPM_CONFIG_CAFILE"], undefined);
  assert.deepEqual(
    plain.volumes.find((volume) => volume.target === target),
    { source: npmrc, target, access: "read-only" },
  );

  const named = shownBy("a=1\ncafile = /host/ca.pem\nb=2\n", "");
  assert.equal(named.files.get(target)?.toString(), "a=1\nb=2\n");
  assert.equal(named.environment["NPM_CONFIG_USERCONFIG"], target);
  assert.equal(named.environment["NPM_CONFIG_CAFILE"], undefined);

  const { environment } = shownBy("", "fund=false\ncafile=/etc/ssl/cert.pem");
  assert.equal(environment["NPM_CONFIG_CAFILE"], trusted);
});
