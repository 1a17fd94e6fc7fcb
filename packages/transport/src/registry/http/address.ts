import { BlockList, isIP } from "node:net";
import { TransportError } from "../../errors.ts";

/** Addresses that are not on the public internet (RFC 6890 and its registry). */
const NOT_PUBLIC = new BlockList();
const LOOPBACK = new BlockList();
for (const [network, prefix] of [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 4], // multicast
  ["240.0.0.0", 4],
] as const) {
  NOT_PUBLIC.addSubnet(network, prefix, "ipv4");
}
NOT_PUBLIC.addSubnet("::", 127, "ipv6"); // :: and ::1
NOT_PUBLIC.addSubnet("fc00::", 7, "ipv6");
NOT_PUBLIC.addSubnet("fe80::", 10, "ipv6");
NOT_PUBLIC.addSubnet("fec0::", 10, "ipv6");
NOT_PUBLIC.addSubnet("ff00::", 8, "ipv6");
NOT_PUBLIC.addSubnet("2001:db8::", 32, "ipv6");
// IPv4 in IPv6 by NAT64, 6to4 and Teredo: could be any of the above.
NOT_PUBLIC.addSubnet("64:ff9b::", 96, "ipv6");
NOT_PUBLIC.addSubnet("64:ff9b:1::", 48, "ipv6");
NOT_PUBLIC.addSubnet("2002::", 16, "ipv6");
NOT_PUBLIC.addSubnet("2001::", 32, "ipv6");
LOOPBACK.addSubnet("127.0.0.0", 8, "ipv4");
LOOPBACK.addAddress("::1", "ipv6");

/** The host name of a URL as a resolver takes it: an IPv6 address without brackets, no final dot. */
export function hostnameOf(url: URL): string {
  const name = url.hostname.replace(/^\[(.*)\]$/, "$1").toLowerCase();
  return name.length > 1 && name.endsWith(".") ? name.slice(0, -1) : name;
}

/** Whether this is an IP address outside the public internet. A name is not, whatever it resolves to. */
export function isPrivateAddress(hostname: string): boolean {
  return inList(NOT_PUBLIC, hostname);
}

/** Whether this names the machine itself (RFC 6761, 6.3, for `localhost` and what is under it). */
export function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname.endsWith(".localhost") || inList(LOOPBACK, hostname);
}

function inList(list: BlockList, address: string): boolean {
  const family = isIP(address);
  // The list matches an IPv4 address written as IPv6 (::ffff:10.0.0.1) against its IPv4 rules itself.
  return family !== 0 && list.check(address, family === 4 ? "ipv4" : "ipv6");
}

/**
 * Refuses an address that a registry sends Cooper to, but must not: a token server, a redirect, an
 * upload location, a foreign layer's URL. It has to be https unless the registry itself is spoken to
 * over plain HTTP, and not a private address unless it is the registry's own host. `UNSAFE_ADDRESS`
 */
export function assertSafeTarget(target: URL, registry: URL, what: string): void {
  const refuse = (why: string): never => {
    throw new TransportError("UNSAFE_ADDRESS", `${registry.host}: ${what} ${printable(target)} ${why}`, {
      advice: "If you trust this registry, open it as insecure, or ask its operator to correct the address.",
      fields: { host: registry.host },
    });
  };
  if (target.protocol !== "https:" && !(target.protocol === "http:" && registry.protocol === "http:")) {
    refuse("is not https");
  }
  if (target.username !== "" || target.password !== "") refuse("has credentials in it");
  const hostname = hostnameOf(target);
  const own = hostnameOf(registry);
  if (hostname === own || (isLoopback(hostname) && isLoopback(own))) return;
  if (isLoopback(hostname) || isPrivateAddress(hostname)) refuse("is at a private address");
}

/** A URL for people: without query (it may be signed), fragment and credentials. */
export function printable(url: URL): string {
  return `${url.origin}${url.pathname}`;
}
