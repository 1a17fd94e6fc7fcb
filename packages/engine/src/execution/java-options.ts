import { encodeJavaKeystore, parsePem } from "@cooper/archive";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The certificate authorities of a PEM file as the store that Java reads: it knows no PEM, and its own
 * store has no authority that only this host trusts. The times in it are 0.
 */
export function trustStoreOf(pem: string): Buffer {
  const certificates = parsePem(pem);
  return encodeJavaKeystore(
    certificates.map((certificate, place) => ({ alias: `host:${place}`, certificate })),
    0,
  );
}

/** Java's words for a trust store and for the proxies that other programs know by variables. */
export function javaOptions(environment: Environment, trustStore: string | undefined): string {
  const options = trustStore === undefined ? [] : [`-Djavax.net.ssl.trustStore=${trustStore}`];
  for (const scheme of ["http", "https"]) {
    const name = `${scheme}_proxy`;
    const proxy = urlOf(environment[name.toUpperCase()] ?? environment[name]);
    if (proxy === undefined) continue;
    const port = proxy.port === "" ? (proxy.protocol === "https:" ? "443" : "80") : proxy.port;
    options.push(`-D${scheme}.proxyHost=${proxy.hostname}`, `-D${scheme}.proxyPort=${port}`);
  }
  const direct = environment["NO_PROXY"] ?? environment["no_proxy"] ?? "";
  const hosts = direct
    .split(",")
    .map((host) => host.trim())
    .filter((host) => host !== "")
    .map((host) => (host.startsWith(".") ? `*${host}` : host));
  if (hosts.length > 0) options.push(`-Dhttp.nonProxyHosts=${hosts.join("|")}`);
  return options.join(" ");
}

function urlOf(proxy: string | undefined): URL | undefined {
  if (proxy === undefined || proxy === "") return undefined;
  return URL.parse(proxy.includes("://") ? proxy : `http://${proxy}`) ?? undefined;
}
