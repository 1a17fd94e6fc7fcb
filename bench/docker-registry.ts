import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

export interface Server {
  /** `127.0.0.1:PORT`, as it stands in a reference. */
  readonly host: string;
  /** Stops it and removes what it holds. */
  readonly stop: () => Promise<void>;
}

/** Starts Debian's docker-registry, without an access log and with no check of credentials, on a free port. */
export async function startDockerRegistry(folder: string): Promise<Server> {
  const port = await freePort();
  const host = `127.0.0.1:${port}`;
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "config.yml");
  const configuration = {
    version: "0.1",
    log: { accesslog: { disabled: true }, level: "error" },
    storage: { filesystem: { rootdirectory: folder }, cache: { blobdescriptor: "inmemory" } },
    http: { addr: host },
  };
  writeFileSync(file, JSON.stringify(configuration)); // JSON is YAML
  const child = spawn("docker-registry", ["serve", file], {
    stdio: "ignore",
    env: { ...process.env, OTEL_TRACES_EXPORTER: "none" },
  });
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  const ended = once(child, "exit");
  while (!(await isListening(port))) {
    if (child.exitCode !== null) throw new Error(`docker-registry ended with ${child.exitCode}`);
    await pause(20);
  }
  return {
    host,
    stop: async () => {
      process.off("exit", kill);
      child.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true });
    },
  };
}

async function isListening(port: number): Promise<boolean> {
  const socket = connect(port, "127.0.0.1");
  const isUp = await once(socket, "connect").then(
    () => true,
    () => false,
  );
  socket.destroy();
  return isUp;
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}
