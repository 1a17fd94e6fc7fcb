import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { EngineError } from "../errors.ts";
import type { PublishedPort } from "./options.ts";

/** Opens connections to the container's ports. */
export interface Connector {
  connect(port: number): Promise<Socket>;
  close(): void;
}

/** The container shares the host's network: its ports are the host's. */
export const connectOnHost: Connector = {
  connect: (port) => Promise.resolve(connect({ host: "127.0.0.1", port, allowHalfOpen: true })),
  close: () => {},
};

/** Where published ports are listened on, until `close`. */
export interface Publication {
  readonly ports: readonly PublishedPort[];
  close(): void;
}

/**
 * Listens on each published port and passes connections on. A port that the container opens on the
 * host's own network needs no passing on where address and number are the same. PORT_UNAVAILABLE.
 */
export async function publish(ports: readonly PublishedPort[], connector: Connector): Promise<Publication> {
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const close = (): void => {
    for (const server of servers) server.close();
    for (const socket of sockets) socket.destroy();
    connector.close();
  };
  const listening: PublishedPort[] = [];
  try {
    for (const port of ports) {
      const server = createServer({ allowHalfOpen: true }, (incoming) => {
        connector.connect(port.containerPort).then(
          (outgoing) => join(incoming, outgoing, sockets),
          () => incoming.destroy(), // as a port that nobody listens on: the visitor sees a closed connection
        );
      });
      servers.push(server);
      listening.push({ ...port, hostPort: await listen(server, port) });
    }
  } catch (error) {
    close();
    throw error;
  }
  return { ports: listening, close };
}

function listen(server: Server, port: PublishedPort): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", (cause: NodeJS.ErrnoException) => {
      const place = `${port.address}:${port.hostPort}`;
      reject(
        new EngineError("PORT_UNAVAILABLE", `cannot listen on ${place}: ${cause.code ?? cause.message}`, {
          cause,
          advice: "Publish another port of the host: --publish HOSTPORT:PORT",
          fields: { address: port.address, port: port.hostPort },
        }),
      );
    });
    server.listen({ host: port.address, port: port.hostPort }, () => {
      const address = server.address();
      resolve(typeof address === "object" && address !== null ? address.port : port.hostPort);
    });
  });
}

function join(one: Socket, other: Socket, sockets: Set<Socket>): void {
  for (const [socket, peer] of [
    [one, other],
    [other, one],
  ] as const) {
    sockets.add(socket);
    socket.on("error", () => peer.destroy()); // a dropped connection ends both halves, nothing else
    socket.on("close", () => {
      sockets.delete(socket);
      peer.destroy();
    });
  }
  one.pipe(other);
  other.pipe(one);
}

/**
 * The container has a network of its own: a relay inside its network namespace, reached over a Unix
 * socket on the disk that both sides see, makes the last step. It starts with the first connection;
 * the container's process is the one whose number the runtime wrote to `pidFile`.
 */
export function relayInto(pidFile: string, socketPath: string): Connector {
  let relay: Promise<ChildProcess> | undefined;
  return {
    async connect(port) {
      const starting = (relay ??= startRelay(pidFile, socketPath));
      try {
        await starting;
      } catch (error) {
        relay = undefined; // the container is not there yet: the next visitor may have more luck
        throw error;
      }
      const socket = connect({ path: socketPath, allowHalfOpen: true });
      // The port goes first, as a line; after it come the connection's bytes.
      socket.write(`${port}\n`);
      return socket;
    },
    close() {
      relay?.then(
        (child) => child.kill("SIGKILL"),
        () => {}, // it never started: the connections that wanted it were told
      );
    },
  };
}

async function startRelay(pidFile: string, socketPath: string): Promise<ChildProcess> {
  const pid = readFileSync(pidFile, "utf8").trim();
  const args = [`--net=/proc/${pid}/ns/net`, "--", process.execPath, "--input-type=module", "--eval", RELAY];
  const child = spawn("nsenter", [...args, socketPath], { stdio: ["ignore", "pipe", "inherit"], env: {} });
  await new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (status) => {
      reject(new EngineError("RUNTIME_FAILED", `the relay for published ports ended with status ${status}`));
    });
    child.stdout.once("data", () => resolve());
  });
  return child;
}

const RELAY = `
import { connect, createServer } from "node:net";
const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, (incoming) => {
  incoming.on("error", () => {});
  incoming.once("readable", () => {
    let line = "";
    for (let byte = incoming.read(1); byte !== null; byte = incoming.read(1)) {
      if (byte[0] === 10) break;
      line += byte.toString();
    }
    const outgoing = connect({ host: "127.0.0.1", port: Number(line), allowHalfOpen: true });
    outgoing.on("error", () => incoming.destroy());
    incoming.on("close", () => outgoing.destroy());
    outgoing.on("close", () => incoming.destroy());
    incoming.pipe(outgoing);
    outgoing.pipe(incoming);
  });
});
server.listen(process.argv[1], () => process.stdout.write("ready\\n"));
`;
