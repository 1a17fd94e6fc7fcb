import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { nixWorld } from "@cooper/test";
import { makeFiles, workshop } from "../test-support/cooper.ts";

const STATUS = "Package: curl\nStatus: install ok installed\nArchitecture: amd64\nVersion: 8.1\n";

test("an SBOM is printed, written, and attached to the image, where referrers and copy find it", async (t) => {
  const { directory, answer } = workshop(t);
  makeFiles(directory, "root", { "var/lib/dpkg/status": STATUS });
  await answer("by-hand", "root", "-o", "oci:out:app", "--cmd", "true");
  const printed = await answer("sbom", "oci:out:app");
  assert.deepEqual(
    JSON.parse(printed).packages.map(({ name }: { name: string }) => name),
    ["oci:out:app", "curl"],
  );
  await answer("sbom", "oci:out:app", "--format", "cyclonedx", "-o", "sbom.json");
  assert.equal(JSON.parse(readFileSync(join(directory, "sbom.json"), "utf8")).bomFormat, "CycloneDX");

  const digest = await answer("sbom", "oci:out:app", "--attach");
  assert.equal(await answer("sbom", "oci:out:app", "--attach"), digest, "the same one, once");
  const referrers = JSON.parse(await answer("referrers", "oci:out:app", "--json"));
  assert.deepEqual(
    referrers.referrers.map((one: { digest: string; artifactType: string }) => [
      one.digest,
      one.artifactType,
    ]),
    [[digest, "application/spdx+json"]],
  );
  assert.equal(await answer("sbom", "oci:out:app"), printed, "the image is still what its tag names");
  await answer("validate", "oci:out:app");
  await answer("copy", "oci:out:app", "oci:other:app", "--referrers");
  assert.match(await answer("referrers", "oci:other:app"), /application\/spdx\+json/);
});

test("nothing is attached where nothing can be beside an image", async (t) => {
  const { directory, answer, cooper } = workshop(t);
  makeFiles(directory, "root", { "var/lib/dpkg/status": STATUS });
  await answer("by-hand", "root", "-o", "oci-archive:out.tar:app", "--cmd", "true");
  const before = readFileSync(join(directory, "out.tar"));
  const { status, stderr } = await cooper("sbom", "oci-archive:out.tar:app", "--attach");
  assert.equal(status, 2);
  assert.match(stderr, /nothing can be attached/);
  assert.ok(readFileSync(join(directory, "out.tar")).equals(before));
});

function purls(document: string): readonly string[] {
  return JSON.parse(document).packages.flatMap(
    ({ externalRefs = [] }: { externalRefs?: { referenceLocator: string }[] }) =>
      externalRefs.map(({ referenceLocator }) => referenceLocator),
  );
}

test("of packages, the SBOM is what would be in the image, and what a lock holds", async (t) => {
  const world = await nixWorld(t);
  if (world === undefined) return;
  const { directory, cooperWith } = workshop(t);
  const cache = await world.cache({}, "hello", "cacert", "iana-etc");
  const key = join(world.directory, "public");
  const env = { COOPER_CACHE_DIR: join(directory, "cache"), COOPER_NIX_NIXPKGS: world.nixpkgs };
  const answer = async (...args: readonly string[]): Promise<string> => {
    const { status, stdout, stderr } = await cooperWith({ env }, ...args);
    assert.equal(status, 0, stderr);
    return stdout.trimEnd();
  };
  const from = ["--repository", cache, "--keyring", key];
  const solved = await answer("sbom", "nix:hello", ...from);
  await answer("lock", "nix:hello", "-o", "hello.lock", ...from);
  assert.equal(await answer("sbom", "nix:hello", "--locked", "hello.lock"), solved);
  await answer("copy", "nix:hello", "oci:out:hello", ...from);
  assert.deepEqual(purls(await answer("sbom", "oci:out:hello")), purls(solved));
});
