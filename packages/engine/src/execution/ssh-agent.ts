import { once } from "node:events";
import { chmodSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { join } from "node:path";
import { EngineError } from "../errors.ts";
import type { ExecOperation } from "../graph/operation.ts";
import type { Volume } from "../run/options.ts";
import type { Releasable } from "./exec-mounts.ts";

export interface ShownAgents extends Releasable {
  readonly volumes: readonly Volume[];
  readonly environment: Readonly<Record<string, string>>;
}

/**
 * Agents of the host as sockets for one step: what it says is passed on for as long as it runs, whatever
 * its user is, and the host's own socket is never in the container. `SECRET_MISSING`
 */
export async function forwardAgents(
  operation: ExecOperation,
  agents: ReadonlyMap<string, string>,
  directory: string,
): Promise<ShownAgents> {
  const volumes: Volume[] = [];
  const environment: Record<string, string> = {};
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const release = (): void => {
    for (const server of servers) server.close();
    for (const socket of sockets) socket.destroy();
  };
  try {
    for (const mount of operation.mounts ?? []) {
      if (mount.kind !== "ssh") continue;
      const agent = agents.get(mount.id);
      if (agent === undefined) {
        throw new EngineError(
          "SECRET_MISSING",
          `a step needs the SSH agent ${mount.id}, and nobody gave it`,
          {
            kind: "usage",
            advice: "Start one (eval $(ssh-agent); ssh-add) and give it: --ssh, or --ssh ID=SOCKET.",
          },
        );
      }
      const source = join(directory, `ssh-${volumes.length}`);
      // oxlint-disable-next-line no-await-in-loop -- seldom more than one
      servers.push(await listen(source, agent, sockets));
      volumes.push({ source, target: mount.target, access: "read-write" });
      environment["SSH_AUTH_SOCK"] ??= mount.target;
    }
    return { volumes, environment, release };
  } catch (error) {
    release();
    throw error;
  }
}

async function listen(path: string, agent: string, open: Set<Socket>): Promise<Server> {
  const server = createServer((client) => {
    const host = connect(agent);
    for (const socket of [client, host]) {
      open.add(socket);
      socket.on("close", () => open.delete(socket));
    }
    client.on("error", () => host.destroy());
    host.on("error", () => client.destroy());
    client.pipe(host).pipe(client);
  });
  server.listen(path);
  await once(server, "listening");
  chmodSync(path, 0o666); // the step's user is seldom this one; nobody else sees the directory
  return server;
}
