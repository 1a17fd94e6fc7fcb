import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { Ajv } from "ajv";
import addFormatsModule from "ajv-formats";
import { type TarInput, writeTar } from "@cooper/archive";
import { type Image, type Layer, makeImage, makeLayer, validate } from "@cooper/oci";
import { requireProgram, run } from "@cooper/test";
import { solvedPackage } from "../ecosystem/solved.fixture.ts";
import type { Solution } from "../ecosystem/solution.ts";
import { formatSbom, sbomArtifact } from "./format.ts";
import { licenseExpression } from "./license.ts";
import { sbomOfImage } from "./of-image.ts";
import { sbomOfSolution } from "./of-solution.ts";
import type { Sbom } from "./sbom.ts";

const HEX = "ab".repeat(32);

function solution(facts: Partial<Solution> = {}): Solution {
  return {
    ecosystem: "apt",
    platform: { os: "linux", architecture: "amd64" },
    request: { packages: ["curl"] },
    repositories: [
      { path: "debian/dists/bookworm", index: `sha256:${HEX}`, signedBy: [], date: 1_700_000_000 },
    ],
    packages: [
      solvedPackage("curl", {
        version: "1:7.88.1-10+deb12u8",
        checksum: `sha256:${HEX}`,
        description: "a\nb",
      }),
      solvedPackage("libcurl4", { origin: "curl", originVersion: "7.88.1", license: "curl" }),
    ],
    ...facts,
  };
}

function imageOf(files: Readonly<Record<string, string>>): Image {
  const members: TarInput[] = Object.entries(files).map(([path, text]) => ({
    path,
    type: "file",
    bytes: Buffer.from(text),
  }));
  return makeImage({
    config: { os: "linux", architecture: "amd64", created: "2024-01-02T03:04:05Z" },
    layers: [makeLayer({ tar: () => writeTar(members) })],
  });
}

const FILES = {
  "etc/os-release": 'ID=debian\nVERSION_ID="12"\n',
  "var/lib/dpkg/status": `Package: libc6
Status: install ok installed
Architecture: amd64
Source: glibc (2.36-9)
Version: 2.36-9+deb12u1
Description: GNU C Library
 more of it
Homepage: https://example.test/glibc

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1

`,
  "var/lib/dpkg/status.d/tzdata": "Package: tzdata\nVersion: 2024a\nArchitecture: all\n",
  "var/lib/dpkg/status.d/tzdata.md5sums": "00000000  usr/share/zoneinfo/UTC\n",
  "lib/apk/db/installed":
    "C:Q1abc=\nP:musl\nV:1.2.3-r0\nA:x86_64\nL:MIT\nT:the C library\nU:https://example.test/\no:musl\nF:lib\nR:ld.so\n\n",
  "app/node_modules/@scope/a/package.json":
    '{"name":"@scope/a","version":"1.0.0","license":"MIT OR Apache-2.0"}',
  "app/node_modules/b/package.json":
    '{"name":"b","version":"2.0.0","licenses":[{"type":"own"}],"homepage":7}',
  "app/node_modules/b/test/package.json": '{"name":"not-installed","version":"0"}',
  "app/node_modules/c/package.json": "{",
  "nix-path-registration": `/nix/store/9vy9flqck80nakzd4scds013x06x668w-curl-8.7.1-bin
sha256:${HEX}
10
/nix/store/hdglp83rkwk5zq9126pgya1jcsd9asi0-curl-8.7.1.drv
1
/nix/store/9vy9flqck80nakzd4scds013x06x668w-curl-8.7.1-bin
`,
};

/** CycloneDX's own schema, which its library brings, with the schemas that it refers to. */
function cycloneDxFaults(text: string): unknown {
  const library = createRequire(import.meta.url).resolve("@cyclonedx/cyclonedx-library/package.json");
  const schema = (name: string): object =>
    JSON.parse(readFileSync(join(dirname(library), "res/schema", `${name}.SNAPSHOT.schema.json`), "utf8"));
  const ajv = new Ajv({ strict: false, allErrors: true });
  addFormatsModule.default(ajv);
  for (const format of ["iri-reference", "idn-email"]) ajv.addFormat(format, true);
  ajv.addSchema(schema("spdx"), "http://cyclonedx.org/schema/spdx.SNAPSHOT.schema.json");
  ajv.addSchema(schema("jsf-0.82"), "http://cyclonedx.org/schema/jsf-0.82.SNAPSHOT.schema.json");
  const check = ajv.compile(schema("bom-1.6"));
  return check(JSON.parse(text)) ? [] : check.errors;
}

/** A file of an image, and the packages that it tells of. */
const LANGUAGES: readonly [string, string, readonly string[]][] = [
  [
    "opt/python/Flask_Login-0.6.3.dist-info/METADATA",
    "Metadata-Version: 2.1\nName: Flask_Login\nVersion: 0.6.3\nLicense: MIT\n\nVersion: of the text\n",
    ["pkg:pypi/flask-login@0.6.3"],
  ],
  ["usr/lib/python3/dist-packages/six-1.16.egg-info/PKG-INFO", "Name: six\nVersion: 1.16\n", []],
  [
    "usr/lib/ruby/gems/3.1.0/specifications/rack-2.2.4.gemspec",
    's.licenses = ["MIT".freeze]',
    ["pkg:gem/rack@2.2.4"],
  ],
  [
    "usr/lib/ruby/gems/3.1.0/specifications/nokogiri-1.15.0-x86_64-linux.gemspec",
    "",
    ["pkg:gem/nokogiri@1.15.0"],
  ],
  [
    "app/vendor/composer/installed.json",
    '{"packages":[{"name":"symfony/console","version":"v6.4.1","license":["MIT"]}]}',
    ["pkg:composer/symfony/console@v6.4.1"],
  ],
  ["app/vendor/composer/installed.json", "[", []],
  [
    "app/Cargo.lock",
    '[[package]]\nname = "shop"\nversion = "1.0.0"\n\n[[package]]\nname = "serde"\nversion = "1.0.2"\nsource = "registry+x"\n',
    ["pkg:cargo/serde@1.0.2"],
  ],
  [
    "app/go.mod",
    "module shop\n\ngo 1.21\n\nrequire example.test/oak/v2 v2.1.0\nrequire (\n\texample.test/a v0.0.0-2024 // indirect\n)\n",
    ["pkg:golang/example.test/a@v0.0.0-2024", "pkg:golang/example.test/oak/v2@v2.1.0"],
  ],
];

for (const [path, text, purls] of LANGUAGES) {
  test(`${path} tells of ${purls.join(", ") || "nothing"}`, async () => {
    const { components } = await sbomOfImage(imageOf({ [path]: text }), "oci:out");
    assert.deepEqual(
      components.map(({ purl }) => purl),
      purls,
    );
  });
}

test("what went into an image and is not in it can be given beside it", async () => {
  const beside = [{ path: "go.mod", text: "require example.test/oak v1.0.0\n" }];
  const { components } = await sbomOfImage(imageOf({ a: "" }), "oci:out", { beside });
  assert.deepEqual(
    components.map(({ purl }) => purl),
    ["pkg:golang/example.test/oak@v1.0.0"],
  );
});

test("a solution is a list of packages with their purl, checksum and source", () => {
  const { components, created } = sbomOfSolution(solution(), "apt:curl");
  assert.equal(created, 1_700_000_000);
  assert.deepEqual(components[0], {
    kind: "deb",
    name: "curl",
    version: "1:7.88.1-10+deb12u8",
    purl: "pkg:deb/debian/curl@1:7.88.1-10+deb12u8?arch=amd64",
    license: "",
    description: "a",
    homepage: "",
    checksum: { algorithm: "SHA-256", hex: HEX },
    source: { name: "curl", version: "1.0" },
  });
  assert.deepEqual(components[1]?.source, { name: "curl", version: "7.88.1" });
});

test("what a solution stands on is in it, and the ecosystem's own checksum of a part is none of a file", () => {
  const npm = solution({
    ecosystem: "npm",
    repositories: [{ path: "npm", index: "", signedBy: [] }],
    packages: [solvedPackage("@scope/a", { checksum: `sha512:${HEX}${HEX}` })],
    base: solution(),
  });
  assert.deepEqual(
    sbomOfSolution(npm, "npm:@scope/a").components.map(({ purl }) => purl),
    [
      "pkg:deb/debian/curl@1:7.88.1-10+deb12u8?arch=amd64",
      "pkg:deb/debian/libcurl4@1.0?arch=amd64",
      "pkg:npm/%40scope/a@1.0",
    ],
  );
  const apk = solution({ ecosystem: "apk", packages: [solvedPackage("musl", { checksum: "Q1abc=" })] });
  assert.equal(sbomOfSolution(apk, "apk:musl").components[0]?.checksum, undefined);
});

test("an image's databases are read: dpkg's, also without dpkg, apk's, Nix's, and npm's packages", async () => {
  const sbom = await sbomOfImage(imageOf(FILES), "oci:out");
  assert.deepEqual(
    sbom.components.map(({ purl, license }) => `${purl} ${license}`.trim()),
    [
      "pkg:apk/debian/musl@1.2.3-r0?arch=x86_64&distro=debian-12 MIT",
      "pkg:deb/debian/libc6@2.36-9+deb12u1?arch=amd64&distro=debian-12",
      "pkg:deb/debian/tzdata@2024a?arch=all&distro=debian-12",
      "pkg:nix/curl-bin@8.7.1",
      "pkg:npm/%40scope/a@1.0.0 MIT OR Apache-2.0",
      "pkg:npm/b@2.0.0 own",
    ],
  );
  const libc = sbom.components.find(({ name }) => name === "libc6");
  assert.deepEqual(
    [libc?.source, libc?.description],
    [{ name: "glibc", version: "2.36-9" }, "GNU C Library"],
  );
  const curl = sbom.components.find(({ kind }) => kind === "nix");
  assert.deepEqual([curl?.checksum?.hex, curl?.source.name], [HEX, "curl"]);
  assert.equal(sbom.created, Date.UTC(2024, 0, 2, 3, 4, 5) / 1000);
});

function layer(...members: readonly TarInput[]): Layer {
  return makeLayer({ tar: () => writeTar(members) });
}

function status(name: string): TarInput {
  const text = `Package: ${name}\nVersion: 1\nArchitecture: all\nStatus: install ok installed\n`;
  return { path: "var/lib/dpkg/status", type: "file", bytes: Buffer.from(text) };
}

const DEP5 = "Format: https://example.test/copyright-format/1.0/\n";

async function licenseOf(copyright: string): Promise<string | undefined> {
  const files = { ...FILES, "usr/share/doc/libc6/copyright": copyright };
  return (await sbomOfImage(imageOf(files), "x")).components.find(({ name }) => name === "libc6")?.license;
}

test("a Debian package's licenses are those of its copyright file, in SPDX's words where it has them", async () => {
  assert.equal(
    await licenseOf(`${DEP5}\nFiles: *\nLicense: GPL-2+\n text\n\nLicense: GPL-2+\n text\n`),
    "GPL-2.0-or-later",
  );
  const several =
    "Files: a\nLicense: LGPL-2.1\n\nFiles: b\nLicense: Apache-2.0 or Expat\n\nLicense: Expat\n text\n";
  assert.equal(await licenseOf(`${DEP5}\n${several}`), "(Apache-2.0 OR MIT) AND LGPL-2.1-only");
  assert.equal(await licenseOf(`${DEP5}License: own-words\n`), "own-words");
  assert.equal(await licenseOf("This is free software.\n\nFiles: *\nLicense: GPL-2\n"), "");
});

test("an upper layer's database counts, and one that it removes is none", async () => {
  const config = { os: "linux", architecture: "amd64" };
  const upper = makeImage({ config, layers: [layer(status("a")), layer(status("b"))] });
  assert.deepEqual(
    (await sbomOfImage(upper, "x")).components.map(({ name }) => name),
    ["b"],
  );
  const removed = layer({ path: "var/lib/dpkg/.wh.status", type: "file" });
  const emptied = makeImage({ config, layers: [layer(status("a")), removed] });
  assert.deepEqual((await sbomOfImage(emptied, "x")).components, []);
});

test("of a real system, all is found that dpkg says is installed", async (t) => {
  const dpkg = requireProgram(t, "dpkg-query", "dpkg");
  if (dpkg === undefined) return;
  if (!existsSync("/var/lib/dpkg/status")) return t.skip("SKIPPED: this is no Debian");
  const { stdout } = await run(dpkg, [
    "--show",
    "--showformat",
    "${db:Status-Status} ${Package} ${Version} ${source:Package} ${source:Version}\n",
  ]);
  const theirs = stdout
    .split("\n")
    .filter((line) => line.startsWith("installed "))
    .map((line) => line.slice(10));
  const image = imageOf({ "var/lib/dpkg/status": readFileSync("/var/lib/dpkg/status", "utf8") });
  const ours = (await sbomOfImage(image, "x")).components.map(
    ({ name, version, source }) => `${name} ${version} ${source.name} ${source.version}`,
  );
  assert.deepEqual(ours.toSorted(), theirs.toSorted());
});

test("CycloneDX's own schema accepts what is written, with everything in it and with nothing", async () => {
  const full = await sbomOfImage(imageOf(FILES), "docker://registry.test/a:1");
  const empty: Sbom = { ...full, components: [] };
  for (const sbom of [full, empty, sbomOfSolution(solution(), "apt:curl")]) {
    // oxlint-disable-next-line no-await-in-loop
    assert.deepEqual(cycloneDxFaults(await formatSbom(sbom, "cyclonedx")), []);
  }
  const document = JSON.parse(await formatSbom(full, "cyclonedx"));
  assert.equal(document.specVersion, "1.6");
  assert.match(
    document.serialNumber,
    /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/,
  );
  const scoped = document.components.find(
    ({ purl }: { purl: string }) => purl === "pkg:npm/%40scope/a@1.0.0",
  );
  assert.deepEqual(
    [scoped.group, scoped.name, scoped.licenses],
    ["@scope", "a", [{ expression: "MIT OR Apache-2.0" }]],
  );
  const root = document.dependencies.find(({ ref }: { ref: string }) => ref === full.subject);
  assert.equal(root.dependsOn.length, full.components.length);
});

test("SPDX says what it must, in the words that it has", async () => {
  const document = JSON.parse(await formatSbom(await sbomOfImage(imageOf(FILES), "oci:out"), "spdx"));
  assert.equal(document.spdxVersion, "SPDX-2.3");
  assert.equal(document.creationInfo.created, "2024-01-02T03:04:05Z");
  const ids: readonly string[] = document.packages.map(({ SPDXID }: { SPDXID: string }) => SPDXID);
  assert.equal(new Set(ids).size, ids.length);
  for (const id of ids) assert.match(id, /^SPDXRef-[A-Za-z0-9.-]+$/);
  const contained = document.relationships.filter(
    ({ relationshipType }: { relationshipType: string }) => relationshipType === "CONTAINS",
  );
  assert.deepEqual(
    contained.map(({ relatedSpdxElement }: { relatedSpdxElement: string }) => relatedSpdxElement),
    ids.slice(1),
  );
  const byName = (name: string): Record<string, unknown> =>
    document.packages.find((one: { name: string }) => one.name === name);
  assert.equal(byName("musl")["licenseDeclared"], "MIT");
  assert.equal(byName("b")["licenseDeclared"], "LicenseRef-own");
  assert.deepEqual(document.hasExtractedLicensingInfos, [
    { licenseId: "LicenseRef-own", name: "own", extractedText: "own" },
  ]);
  assert.equal(byName("libc6")["sourceInfo"], "built from glibc 2.36-9");
  assert.deepEqual(byName("curl-bin")["checksums"], [{ algorithm: "SHA256", checksumValue: HEX }]);
});

function expressionOf(words: string): string | undefined {
  return licenseExpression(words)?.expression;
}

test("a license is an expression, with names of its own for what SPDX has none for", () => {
  for (const valid of [
    "MIT",
    "(MIT OR Apache-2.0) AND ISC",
    "GPL-2.0-or-later WITH Classpath-exception-2.0",
  ]) {
    assert.equal(expressionOf(valid), valid);
  }
  assert.equal(
    expressionOf("(MIT OR own words) AND GPL-2.0-only with Linux-syscall-note exception"),
    "(MIT OR LicenseRef-own-words) AND LicenseRef-GPL-2.0-only-with-Linux-syscall-note-exception",
  );
  assert.equal(expressionOf("this-AND-that"), "LicenseRef-this-AND-that");
  assert.deepEqual([...(licenseExpression("custom:x")?.others ?? [])], [["LicenseRef-custom-x", "custom:x"]]);
  for (const nonsense of ["", " ", "MIT AND", "(MIT", "OR"])
    assert.equal(expressionOf(nonsense), undefined, nonsense);
});

test("the same image gives the same bytes, whatever the time", async () => {
  for (const format of ["spdx", "cyclonedx"] as const) {
    const texts: string[] = [];
    for (let i = 0; i < 2; i++) {
      // oxlint-disable-next-line no-await-in-loop
      texts.push(await formatSbom(await sbomOfImage(imageOf(FILES), "oci:out"), format));
    }
    assert.equal(texts[0], texts[1]);
    assert.doesNotMatch(texts[0] ?? "", new RegExp(`"${new Date().getUTCFullYear()}-`, "u"));
  }
});

test("a database that is damaged is an error that names it", async () => {
  await assert.rejects(sbomOfImage(imageOf({ "var/lib/dpkg/status": "no field\n" }), "x"), {
    code: "INDEX_INVALID",
  });
});

test("an SBOM refers to the image that it is about", async () => {
  const image = imageOf(FILES);
  const text = await formatSbom(await sbomOfImage(image, "x"), "spdx");
  const artifact = sbomArtifact(text, "spdx", await image.descriptor());
  const manifest = await artifact.manifest();
  assert.equal(manifest.subject?.digest, await image.digest());
  assert.equal(manifest.artifactType, "application/spdx+json");
  assert.deepEqual(await validate(artifact), []);
});
