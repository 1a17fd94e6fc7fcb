/**
 * What making on demand costs: a warm pull of a made name against one of a pushed image, by turns, in
 * CPU time of the server; and fifty clients that ask for a new name at once against one that is alone, median of
 * five, each with a new name.
 *
 *     node --conditions=@cooper/source bench/on-demand.ts [SECONDS]
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { copy } from "@cooper/transport";

const SECONDS = Number(process.argv[2] ?? 10);
const ROUNDS = 5;
/** Requests before the other one has its turn. */
const SLICE = 50;
/** Of the system's clock in a second: what `getconf CLK_TCK` says on every Linux machine. */
const TICKS = 100;
const CLIENTS = 50;
/** What is made for the fifty: long enough that their own work is not what is measured. */
const SHAPE = "4x20M";

interface Manifest {
  readonly manifests?: readonly { readonly digest: string }[];
  readonly layers?: readonly { readonly digest: string }[];
}

const directory = mkdtempSync(join(tmpdir(), "cooper-bench-"));
const program = `
  import { createRegistry, Demand, directoryStorage } from ${JSON.stringify(new URL("../packages/registry/src/index.ts", import.meta.url).href)};
  const storage = directoryStorage({ path: ${JSON.stringify(directory)} });
  const demand = new Demand({ storage, platforms: [{ os: "linux", architecture: "amd64" }] });
  console.log((await createRegistry({ storage, demand }).listen()).url);`;
const child = spawn(
  process.execPath,
  ["--conditions=@cooper/source", "--input-type=module", "--eval", program],
  { stdio: ["ignore", "pipe", "inherit"] },
);
try {
  const [url]: unknown[] = await once(createInterface({ input: child.stdout }), "line");
  const base = String(url);
  await warm(base);
  await crowd(base);
} finally {
  child.kill("SIGTERM");
  rmSync(directory, { recursive: true, force: true });
}

/** A made name and a pushed one with the same image. */
async function warm(base: string): Promise<void> {
  const host = base.replace("http://", "");
  await pull(base, "random/x", "1x1M");
  await copy(`docker://${host}/random/x:1x1M`, `docker://${host}/mine/x:1`);
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const asking = (method: string, path: string) => async () => void (await ask(agent, base, path, method));
  const [made, pushed] = ["/v2/random/x/manifests/1x1M", "/v2/mine/x/manifests/1"];
  console.log("| warm, the server's CPU time | made | pushed | ratio |\n|---|---|---|---|");
  for (const method of ["GET", "HEAD"]) {
    // oxlint-disable-next-line no-await-in-loop
    console.log(await row(`manifest ${method} by tag`, asking(method, made), asking(method, pushed)));
  }
  const pulling = (repository: string, tag: string) => async () => await pull(base, repository, tag);
  console.log(await row("whole pull of 1 MB", pulling("random/x", "1x1M"), pulling("mine/x", "1")));
  agent.destroy();
}

type Work = () => Promise<void>;

/** What each costs, by turns, so that both have the same neighbours. */
async function row(what: string, made: Work, pushed: Work): Promise<string> {
  const costs = { made: 0, pushed: 0 };
  const counts = { made: 0, pushed: 0 };
  const works = { made, pushed };
  const end = performance.now() + SECONDS * 1000;
  for (let round = 0; performance.now() < end; round += 1) {
    const names = round % 2 === 0 ? (["made", "pushed"] as const) : (["pushed", "made"] as const);
    for (const name of names) {
      const before = cpuSeconds();
      // oxlint-disable-next-line no-await-in-loop
      for (let count = 0; count < SLICE; count += 1) await works[name]();
      costs[name] += cpuSeconds() - before;
      counts[name] += SLICE;
    }
  }
  const [one, other] = [costs.made / counts.made, costs.pushed / counts.pushed];
  return `| ${what} | ${microseconds(one)} | ${microseconds(other)} | ${(one / other).toFixed(2)} |`;
}

function microseconds(seconds: number): string {
  return `${(seconds * 1e6).toFixed(0)} µs`;
}

/** What the server has used so far, in user and system. */
function cpuSeconds(): number {
  const stat = readFileSync(`/proc/${child.pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

async function crowd(base: string): Promise<void> {
  const alone: number[] = [];
  const last: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    // oxlint-disable-next-line no-await-in-loop
    alone.push(await timed(async () => await manifest(base, `random/alone${round}`, SHAPE)));
    // oxlint-disable-next-line no-await-in-loop
    last.push(
      await timed(async () => {
        await Promise.all(
          Array.from({ length: CLIENTS }, async () => await manifest(base, `random/crowd${round}`, SHAPE)),
        );
      }),
    );
  }
  const [one, many] = [median(alone), median(last)];
  const builds: { readonly builds: readonly { readonly name: string }[] } = JSON.parse(
    (await ask(new Agent(), base, "/_cooper/builds")).toString(),
  );
  const made = builds.builds.filter(({ name }) => name.startsWith("random/crowd")).length;
  console.log(
    `\n${CLIENTS} clients and a new name of ${SHAPE}: alone ${one.toFixed(2)} s, the last of ${CLIENTS} ${many.toFixed(2)} s, ratio ${(many / one).toFixed(2)}; ${made} builds for ${ROUNDS} names`,
  );
}

async function manifest(base: string, repository: string, tag: string): Promise<void> {
  const agent = new Agent();
  await ask(agent, base, `/v2/${repository}/manifests/${tag}`);
}

/** An image of one platform, whole, as a client fetches it. */
async function pull(base: string, repository: string, tag: string): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  const get = async (path: string): Promise<Buffer> => await ask(agent, base, `/v2/${repository}/${path}`);
  const index: Manifest = JSON.parse((await get(`manifests/${tag}`)).toString());
  const image: Manifest = JSON.parse((await get(`manifests/${index.manifests?.[0]?.digest}`)).toString());
  for (const layer of image.layers ?? []) {
    // oxlint-disable-next-line no-await-in-loop
    await get(`blobs/${layer.digest}`);
  }
  agent.destroy();
}

async function ask(agent: Agent, base: string, path: string, method: string = "GET"): Promise<Buffer> {
  return await new Promise((resolve, reject) => {
    const asking = request(`${base}${path}`, { agent, method }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("error", reject);
      response.on("end", () => {
        const body = Buffer.concat(chunks);
        if (response.statusCode === 200) resolve(body);
        else reject(new Error(`${path}: ${response.statusCode} ${body.toString()}`));
      });
    });
    asking.on("error", reject);
    asking.end();
  });
}

async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1000;
}

function median(values: readonly number[]): number {
  return values.toSorted((one, other) => one - other)[Math.floor(values.length / 2)] ?? 0;
}
