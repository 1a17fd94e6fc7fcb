import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { requireProgram, run, temporaryDirectory } from "@cooper/test";
import { hostConfiguration } from "./host-configuration.ts";
import { javaOptions, trustStoreOf } from "./java-options.ts";

test("Java is told of proxies and of hosts that need none in its own words", () => {
  const environment = {
    HTTPS_PROXY: "http://user:secret@proxy.test:3128",
    http_proxy: "plain.test",
    NO_PROXY: "localhost, .example.test",
  };
  assert.deepEqual(javaOptions(environment, "/run/store").split(" "), [
    "-Djavax.net.ssl.trustStore=/run/store",
    "-Dhttp.proxyHost=plain.test",
    "-Dhttp.proxyPort=80",
    "-Dhttps.proxyHost=proxy.test",
    "-Dhttps.proxyPort=3128",
    "-Dhttp.nonProxyHosts=localhost|*.example.test",
  ]);
  assert.equal(javaOptions({}, undefined), "");
});

test("keytool reads every authority of a PEM file from the store that is made of it", async (t) => {
  if (requireProgram(t, "keytool", "openjdk-17-jre-headless") === undefined) return;
  const bundle = "/etc/ssl/certs/ca-certificates.crt";
  const pem = readFileSync(bundle, "utf8");
  const store = join(temporaryDirectory(t), "store");
  writeFileSync(store, trustStoreOf(pem));
  const { stdout } = await run("keytool", ["-list", "-keystore", store, "-storepass", "changeit"]);
  assert.match(stdout, new RegExp(`contains ${pem.split("BEGIN CERTIFICATE").length - 1} entries`));
});

test("a step sees a trust store where it asks for Maven's configuration and for certificates", (t) => {
  const bundle = join(temporaryDirectory(t), "bundle.pem");
  writeFileSync(bundle, "");
  const OPTS = "-Xmx1g -Djavax.net.ssl.trustStore=/host -Djavax.net.ssl.trustStorePassword=x -Da=b";
  const environment = { SSL_CERT_FILE: bundle, HOME: "/nonexistent", MAVEN_OPTS: OPTS };
  const { files, environment: shown } = hostConfiguration(["maven", "certificates"], environment);
  const [target] = files.keys();
  assert.equal(shown["JAVA_TOOL_OPTIONS"], `-Djavax.net.ssl.trustStore=${target}`);
  assert.equal(shown["MAVEN_OPTS"], "-Xmx1g -Da=b");
  assert.equal(hostConfiguration(["maven"], environment).files.size, 0);
});
