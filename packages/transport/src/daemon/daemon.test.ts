import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { parseManifest } from "@cooper/oci";
import { putSample, requireProgram, sampleImage, startDockerd, temporaryDirectory } from "@cooper/test";
import { copy } from "../copy/write.ts";
import { openLayout } from "../layout/directory.ts";
import { openReference } from "../resolver/resolver.ts";
import type { SampleImage } from "@cooper/test";

async function seed(directory: string, sample: SampleImage): Promise<string> {
  const layout = await openLayout(join(directory, "from"), { access: "write" });
  await putSample(layout, sample, "v1");
  await layout.close();
  return `oci:${directory}/from:v1`;
}

function configDigest(sample: SampleImage): string {
  return parseManifest(sample.manifests[0]?.raw ?? Buffer.alloc(0)).config.digest;
}

test("Docker 20.10 loads what we write, over its socket and from a file, and runs it; we read what it saves", async (t) => {
  const busybox = requireProgram(t, "busybox", "busybox-static");
  const engine = busybox === undefined ? undefined : await startDockerd(t);
  if (busybox === undefined || engine === undefined) return;
  const directory = temporaryDirectory(t);
  const environment = { DOCKER_HOST: engine.host, HOME: directory, COOPER_HOME: join(directory, "home") };
  const options = { environment };
  const sample = await sampleImage({ program: busybox });
  const source = await seed(directory, sample);
  const id = configDigest(sample);

  await copy(source, "docker-daemon:example.org/socket:v1", options);
  const ran = await engine.docker([
    "run",
    "--rm",
    "--network",
    "none",
    "example.org/socket:v1",
    "echo",
    "it runs",
  ]);
  assert.equal(ran.stdout, "it runs\n");
  const inspected = await engine.docker(["inspect", "--format", "{{.Id}}", "example.org/socket:v1"]);
  assert.equal(inspected.stdout.trim(), id, "an engine's id is the config's digest");

  for (const [name, sampleOf] of Object.entries({
    gzip: sample,
    none: await sampleImage({ seed: "none", compression: "none", format: "docker" }),
    zstd: await sampleImage({ seed: "zstd", compression: "zstd" }),
  })) {
    const from = join(directory, name);
    const file = join(directory, `${name}.tar`);
    await copy(await seed(from, sampleOf), `docker-archive:${file}:file-${name}:v1`, options);
    await engine.docker(["load", "--quiet", "--input", file]);
    const { stdout } = await engine.docker(["inspect", "--format", "{{.Id}}", `file-${name}:v1`]);
    assert.equal(stdout.trim(), configDigest(sampleOf), name);
  }

  const saved = join(directory, "saved.tar");
  await engine.docker(["save", "--output", saved, "example.org/socket:v1", "file-none:v1"]);
  for (const reference of [
    "docker-daemon:example.org/socket:v1",
    `docker-daemon:${id}`,
    `docker-archive:${saved}:example.org/socket:v1`,
  ]) {
    const { content, close } = await openReference(reference, options);
    assert.equal(content.kind, "image");
    if (content.kind !== "image") return;
    assert.equal((await content.manifest()).config.digest, id, reference);
    for (const layer of await content.layers()) for await (const _ of layer.tar());
    await close();
  }
  await assert.rejects(openReference("docker-daemon:no/such:image", options), { code: "NOT_FOUND" });
});

test("an engine that is not there is the host's lack, and says what to do", async (t) => {
  const directory = temporaryDirectory(t);
  const environment = { DOCKER_HOST: `unix://${directory}/none.sock` };
  const expected = { code: "ENGINE_UNREACHABLE", kind: "host", advice: /apt-get install docker\.io/ };
  await assert.rejects(openReference("docker-daemon:a:b", { environment }), expected);
  const source = await seed(directory, await sampleImage());
  await assert.rejects(copy(source, "docker-daemon:a:b", { environment }), expected);
  for (const host of ["ssh://somewhere", "npipe:////./pipe/docker"]) {
    await assert.rejects(openReference("docker-daemon:a:b", { environment: { DOCKER_HOST: host } }), {
      code: "UNSUPPORTED",
      kind: "usage",
    });
  }
});

test("an engine that refuses an image, or dies over it, fails the copy with its words", async (t) => {
  const directory = temporaryDirectory(t);
  const answers: Readonly<Record<string, Parameters<typeof createServer>[1]>> = {
    "no space left": (request, response) => {
      request.resume();
      request.on("end", () => response.end('{"errorDetail":{"message":"x"},"error":"no space left"}\n'));
    },
    "too early": (_, response) => response.writeHead(500).end('{"message":"too early"}\n'),
    "connection to the Docker engine broke": (request) => request.socket.destroy(),
  };
  const source = await seed(directory, await sampleImage({ layerBytes: 9_000_000 }));
  for (const [words, answer] of Object.entries(answers)) {
    const server: Server = createServer({}, answer);
    const socket = join(directory, "engine.sock");
    await new Promise<void>((resolve) => server.listen(socket, resolve));
    try {
      const copied = copy(source, "docker-daemon:a:b", { environment: { DOCKER_HOST: `unix://${socket}` } });
      await assert.rejects(copied, { code: "ENGINE_FAILED", message: new RegExp(words) }, words);
    } finally {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  }
  assert.equal(existsSync(join(directory, "home")), false);
});
