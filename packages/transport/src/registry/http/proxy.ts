import { hostnameOf, isLoopback } from "./address.ts";

/** Environment variables; default everywhere: the process's own. */
export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for a URL by `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY` (each also in lower case), or
 * nothing. The machine itself is never asked for through a proxy.
 */
export function proxyFor(url: URL, environment: Environment): string | undefined {
  const hostname = hostnameOf(url);
  if (isLoopback(hostname)) return undefined;
  const variable = (name: string): string | undefined => {
    const value = environment[name.toLowerCase()] ?? environment[name];
    return value === undefined || value.trim() === "" ? undefined : value.trim();
  };
  const proxy = variable(url.protocol === "https:" ? "HTTPS_PROXY" : "HTTP_PROXY") ?? variable("ALL_PROXY");
  if (proxy === undefined) return undefined;
  const port = url.port === "" ? (url.protocol === "https:" ? "443" : "80") : url.port;
  for (const entry of (variable("NO_PROXY") ?? "").split(/[,\s]+/)) {
    if (entry !== "" && covers(entry.toLowerCase(), hostname, port)) return undefined;
  }
  return proxy.includes("://") ? proxy : `http://${proxy}`;
}

/** `*`, `host`, `.domain`, `*.domain`, each with an optional port. A domain covers what is under it. */
function covers(entry: string, hostname: string, port: string): boolean {
  const match = /^(\[[^\]]*\]|[^:]*|[0-9a-f:]+)(?::(\d+))?$/.exec(entry);
  if (match?.[1] === undefined || (match[2] !== undefined && match[2] !== port)) return false;
  const pattern = match[1].replace(/^\[(.*)\]$/, "$1");
  if (pattern === "*") return true;
  const domain = pattern.replace(/^\*?\./, "");
  return (hostname === domain && !pattern.startsWith("*")) || hostname.endsWith(`.${domain}`);
}
