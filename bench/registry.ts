/**
 * Cooper's registry against Debian's docker-registry on the same disk: bytes and requests a second
 * that one Node client gets out of each, over kept connections. Best of three interleaved rounds.
 *
 *     node --conditions=@cooper/source bench/registry.ts [SECONDS]
 */
import { spawn } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:http";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

const SECONDS = Number(process.argv[2] ?? 2);
const ROUNDS = 3;
const INDEX = "application/vnd.oci.image.index.v1+json";

interface Server {
  readonly name: string;
  readonly port: number;
  /** Highest resident memory so far: MiB. */
  memory(): number;
  /** Processor time so far, in user and system. */
  cpuSeconds(): number;
  stop(): Promise<void>;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function startServer(
  name: string,
  program: string,
  args: readonly string[],
  port: number,
): Promise<Server> {
  const child = spawn(program, args, { stdio: ["ignore", "ignore", "ignore"] });
  const ended = once(child, "exit");
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    // oxlint-disable-next-line no-await-in-loop
    const isUp = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isUp) break;
    // oxlint-disable-next-line no-await-in-loop
    await pause(20);
  }
  return {
    name,
    port,
    memory: () => {
      const [, kib = "0"] = /VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${child.pid}/status`, "utf8")) ?? [];
      return Math.round(Number(kib) / 1024);
    },
    cpuSeconds: () => {
      const [, fields = ""] = readFileSync(`/proc/${child.pid}/stat`, "utf8").split(") ");
      const [user, system] = fields.split(" ").slice(11, 13).map(Number);
      return ((user ?? 0) + (system ?? 0)) / 100;
    },
    stop: async () => {
      child.kill("SIGTERM");
      await ended;
    },
  };
}

async function startCooper(directory: string): Promise<Server> {
  const port = await freePort();
  const program = `
    import { createRegistry, directoryStorage } from ${JSON.stringify(new URL("../packages/registry/src/index.ts", import.meta.url).href)};
    await createRegistry({ storage: directoryStorage({ path: ${JSON.stringify(directory)} }) }).listen({ port: ${port} });`;
  const args = ["--conditions=@cooper/source", "--input-type=module", "--eval", program];
  return await startServer("cooper", process.execPath, args, port);
}

async function startDebian(directory: string): Promise<Server> {
  const port = await freePort();
  const file = join(directory, "config.yml");
  const configuration = {
    version: "0.1",
    log: { accesslog: { disabled: true }, level: "error" },
    storage: { filesystem: { rootdirectory: directory }, cache: { blobdescriptor: "inmemory" } },
    http: { addr: `127.0.0.1:${port}` },
  };
  writeFileSync(file, JSON.stringify(configuration)); // JSON is YAML
  return await startServer("docker-registry", "docker-registry", ["serve", file], port);
}

async function ask(
  port: number,
  method: string,
  path: string,
  body: Uint8Array,
  type: string,
): Promise<string> {
  return await new Promise((resolve, reject) => {
    const headers = { "Content-Type": type, "Content-Length": body.byteLength };
    const asking = request({ host: "127.0.0.1", port, method, path, headers }, (response) => {
      response.resume();
      const status = response.statusCode ?? 0;
      if (status >= 300) reject(new Error(`${method} ${path}: ${status}`));
      response.on("end", () => resolve(response.headers.location ?? ""));
    });
    asking.on("error", reject);
    asking.end(body);
  });
}

async function push(port: number, bytes: Uint8Array): Promise<string> {
  const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  const location = await ask(
    port,
    "POST",
    "/v2/bench/blobs/uploads/",
    Buffer.alloc(0),
    "application/octet-stream",
  );
  const target = new URL(location, `http://127.0.0.1:${port}`);
  target.searchParams.set("digest", digest);
  await ask(port, "PUT", `${target.pathname}${target.search}`, bytes, "application/octet-stream");
  return digest;
}

/** Asks for one thing over and over on `connections` kept connections; gives how often a second. */
async function rate(port: number, method: string, path: string, connections: number): Promise<number> {
  const message = `${method} ${path} HTTP/1.1\r\nHost: localhost\r\nAccept: ${INDEX}\r\n\r\n`;
  const end = performance.now() + SECONDS * 1000;
  const started = performance.now();
  const counts = await Promise.all(
    Array.from({ length: connections }, async () => await repeat(port, { method, message, end })),
  );
  return counts.reduce((sum, count) => sum + count, 0) / ((performance.now() - started) / 1000);
}

/** All answers but the first are only counted in bytes: they are as long as the first. */
async function repeat(
  port: number,
  { method, message, end }: { readonly method: string; readonly message: string; readonly end: number },
): Promise<number> {
  return await new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1");
    socket.on("error", reject);
    let length: number | undefined;
    let head = "";
    let received = 0;
    let count = 0;
    socket.on("data", (chunk: Buffer) => {
      received += chunk.byteLength;
      if (length === undefined) {
        head += chunk.toString("latin1");
        const headEnd = head.indexOf("\r\n\r\n");
        if (headEnd < 0) return;
        if (!head.startsWith("HTTP/1.1 200")) reject(new Error(head.slice(0, headEnd)));
        const [, body = "0"] = /content-length: (\d+)/i.exec(head) ?? [];
        length = headEnd + 4 + (method === "HEAD" ? 0 : Number(body));
      }
      if (received < length) return;
      received -= length;
      count += 1;
      if (performance.now() < end) {
        socket.write(message);
        return;
      }
      socket.destroy();
      resolve(count);
    });
    socket.on("connect", () => socket.write(message));
  });
}

/** Reads on `connections` connections for a while, and stops in the middle: MB. */
async function flow(
  server: Server,
  path: string,
  connections: number,
): Promise<{ readonly perSecond: number; readonly perCpuSecond: number }> {
  let received = 0;
  const [started, cpu] = [performance.now(), server.cpuSeconds()];
  const sockets = Array.from({ length: connections }, () => {
    const socket = connect(server.port, "127.0.0.1");
    socket.on("error", () => {});
    socket.on("data", (chunk: Buffer) => (received += chunk.byteLength));
    socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    return socket;
  });
  await pause(SECONDS * 1000);
  const megabytes = received / 1e6;
  const measured = {
    perSecond: megabytes / ((performance.now() - started) / 1000),
    perCpuSecond: megabytes / (server.cpuSeconds() - cpu),
  };
  for (const socket of sockets) socket.destroy();
  return measured;
}

interface Case {
  readonly name: string;
  readonly unit: string;
  readonly run: (server: Server) => Promise<number>;
}

const large = randomBytes(100_000_000);
const small = randomBytes(1_000_000);
const manifest = Buffer.from(
  JSON.stringify({
    schemaVersion: 2,
    mediaType: INDEX,
    manifests: [],
    annotations: { pad: "x".repeat(1500) },
  }),
);
const digestOf = (bytes: Uint8Array): string => `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
const blob = (bytes: Uint8Array): string => `/v2/bench/blobs/${digestOf(bytes)}`;

const CASES: readonly Case[] = [
  ...[1, 16].flatMap((clients): readonly Case[] => [
    {
      name: `download of 100 MB, ${clients} clients`,
      unit: "MB/s",
      run: async ({ port }) => (await rate(port, "GET", blob(large), clients)) * 100,
    },
    {
      name: `download of 1 MB, ${clients} clients`,
      unit: "MB/s",
      run: async ({ port }) => await rate(port, "GET", blob(small), clients),
    },
    {
      name: `manifest GET by tag, ${clients} clients`,
      unit: "/s",
      run: async ({ port }) => await rate(port, "GET", "/v2/bench/manifests/t", clients),
    },
    {
      name: `manifest GET by digest, ${clients} clients`,
      unit: "/s",
      run: async ({ port }) => await rate(port, "GET", `/v2/bench/manifests/${digestOf(manifest)}`, clients),
    },
    {
      name: `manifest HEAD by tag, ${clients} clients`,
      unit: "/s",
      run: async ({ port }) => await rate(port, "HEAD", "/v2/bench/manifests/t", clients),
    },
  ]),
  {
    name: "200 downloads at once",
    unit: "MB/s",
    run: async (server) => (await flow(server, blob(large), 200)).perSecond,
  },
  {
    // On a machine that also runs the clients, and others, this says more than the time on the wall.
    name: "200 downloads at once, a second of the server's processor time",
    unit: "MB",
    run: async (server) => (await flow(server, blob(large), 200)).perCpuSecond,
  },
  {
    name: "upload of 100 MB",
    unit: "MB/s",
    run: async ({ port }) => {
      const bytes = Buffer.concat([randomBytes(16), large.subarray(16)]);
      const started = performance.now();
      await push(port, bytes);
      return 100 / ((performance.now() - started) / 1000);
    },
  },
  {
    name: "upload of 1 MB",
    unit: "MB/s",
    run: async ({ port }) => {
      const started = performance.now();
      for (let index = 0; index < 20; index += 1) {
        // oxlint-disable-next-line no-await-in-loop
        await push(port, Buffer.concat([randomBytes(16), small.subarray(16)]));
      }
      return 20 / ((performance.now() - started) / 1000);
    },
  },
];

const directory = mkdtempSync(join(tmpdir(), "cooper-bench-"));
const servers: Server[] = [];
try {
  servers.push(await startCooper(mkdtempSync(join(directory, "cooper-"))));
  servers.push(await startDebian(mkdtempSync(join(directory, "debian-"))));
  for (const { port } of servers) {
    // oxlint-disable-next-line no-await-in-loop
    for (const bytes of [large, small]) await push(port, bytes);
    // oxlint-disable-next-line no-await-in-loop
    await ask(port, "PUT", "/v2/bench/manifests/t", manifest, INDEX);
  }
  console.log("| | cooper | docker-registry | ratio |\n|---|---|---|---|");
  for (const { name, unit, ...measured } of CASES) {
    const best = new Map<string, number>();
    for (let round = 0; round < ROUNDS; round += 1) {
      for (const server of servers) {
        // oxlint-disable-next-line no-await-in-loop
        best.set(server.name, Math.max(best.get(server.name) ?? 0, await measured.run(server)));
      }
    }
    const [ours = 0, theirs = 0] = best.values();
    console.log(
      `| ${name} | ${Math.round(ours)} ${unit} | ${Math.round(theirs)} ${unit} | ${(ours / theirs).toFixed(2)} |`,
    );
  }
  const [ours, theirs] = servers.map((server) => server.memory());
  console.log(`| highest memory | ${ours} MiB | ${theirs} MiB | |`);
} finally {
  await Promise.all(servers.map(async (server) => await server.stop()));
  rmSync(directory, { recursive: true, force: true });
}
