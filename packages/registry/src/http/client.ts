import type { IncomingMessage } from "node:http";
import { BlockList, isIP } from "node:net";
import { RegistryError } from "../errors.ts";

/** Who is on the other end of a request, as far as that can be believed. */
export interface Client {
  readonly address: string;
  readonly scheme: "http" | "https";
}

export type ReadClient = (request: IncomingMessage) => Client;

/**
 * Makes what finds out whom a request is from. What `X-Forwarded-For` and `X-Forwarded-Proto` say counts
 * only where one of `proxies` (addresses and CIDR networks) says it: everybody else could write
 * anything there. `CONFIG_INVALID`
 */
export function clientReader(proxies: readonly string[]): ReadClient {
  const believed = new BlockList();
  for (const proxy of proxies) addNetwork(believed, proxy);
  const isBelieved = (address: string): boolean =>
    believed.check(address, isIP(address) === 6 ? "ipv6" : "ipv4");

  return (request) => {
    const address = plainAddress(request.socket.remoteAddress ?? "");
    const own = { address, scheme: "encrypted" in request.socket ? "https" : "http" } as const;
    if (proxies.length === 0 || isIP(address) === 0 || !isBelieved(address)) return own;
    // Each proxy puts whom it heard it from at the end: the last one that is no proxy of ours is the client.
    const heard = String(request.headers["x-forwarded-for"] ?? "")
      .split(",")
      .map((text) => plainAddress(text.trim()))
      .toReversed();
    const found = heard.find((candidate) => isIP(candidate) === 0 || !isBelieved(candidate));
    const protocol = String(request.headers["x-forwarded-proto"] ?? "")
      .split(",")
      .at(-1)
      ?.trim();
    return {
      address: found !== undefined && isIP(found) !== 0 ? found : address,
      scheme: protocol === "https" || protocol === "http" ? protocol : own.scheme,
    };
  };
}

/** By what a client is told from others: an IPv6 host has a network of 2^64 addresses to come from. */
export function clientKey(address: string): string {
  if (isIP(address) !== 6) return address;
  const [head = "", tail] = address.split("::", 2);
  const front = head.split(":").filter((group) => group !== "");
  const back = (tail ?? "").split(":").filter((group) => group !== "");
  const zeros = tail === undefined ? [] : Array.from({ length: 8 - front.length - back.length }, () => "0");
  return `${[...front, ...zeros, ...back].slice(0, 4).join(":")}::/64`;
}

/** IPv4 that came in over an IPv6 socket, as IPv4. */
function plainAddress(address: string): string {
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1] ?? address;
}

function addNetwork(list: BlockList, text: string): void {
  const [address = "", prefix, ...rest] = text.split("/");
  const version = isIP(address);
  const most = version === 6 ? 128 : 32;
  const bits = prefix === undefined ? most : /^\d{1,3}$/.test(prefix) ? Number(prefix) : most + 1;
  if (version === 0 || bits > most || rest.length > 0) {
    throw new RegistryError("CONFIG_INVALID", `${JSON.stringify(text)} is no address and no network`, {
      kind: "usage",
      advice: "Write 10.0.0.1, 10.0.0.0/8 or fd00::/8.",
    });
  }
  list.addSubnet(address, bits, version === 6 ? "ipv6" : "ipv4");
}
