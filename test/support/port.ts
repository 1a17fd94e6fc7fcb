import { randomInt } from "node:crypto";
import { createServer } from "node:net";

/** Below what Linux hands out by itself (ip_local_port_range, from 32768), above what services have. */
const FIRST = 12_000;
const END = 32_000;

/**
 * A free TCP port of the loopback address, for programs that must be told a number; what can listen
 * on port 0 does that instead. The kernel gives it to nobody else: only who asks for this very number
 * could take it.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(FIRST, END);
    if (await isFree(port)) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return await new Promise((resolve) => {
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
