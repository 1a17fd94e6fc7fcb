import { readFileSync, readdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { createSecureContext, rootCertificates } from "node:tls";
import type { SecureContext } from "node:tls";
import { TransportError } from "../../errors.ts";
import type { Environment } from "./proxy.ts";

/** Where distributions keep the certificates they trust: Debian, Fedora, Alpine and the BSDs. */
const SYSTEM_BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/cert.pem",
];

/** Directories that hold `HOST[:PORT]/{*.crt, *.cert, *.key}`, as Docker and podman lay them out. */
export function defaultCertificateDirectories(environment: Environment): readonly string[] {
  const home = environment["HOME"] ?? homedir();
  return [join(home, ".config/containers/certs.d"), "/etc/containers/certs.d", "/etc/docker/certs.d"];
}

/**
 * What TLS with one registry trusts and shows: the system's certificates (or `SSL_CERT_FILE`, or
 * those built into Node where there are none), `NODE_EXTRA_CA_CERTS`, and what stands in the
 * registry's own directory. A context is made once for a host: parsing the bundle takes milliseconds.
 */
export function secureContextFor(
  host: string,
  options: { readonly environment: Environment; readonly directories: readonly string[] },
): SecureContext {
  const own = options.directories.map((directory) => readHostDirectory(join(directory, host)));
  const client = own.find((found) => found.certificate !== undefined);
  return createSecureContext({
    ca: [...systemCertificates(options.environment), ...own.flatMap((found) => found.authorities)],
    ...(client?.certificate === undefined ? {} : { cert: client.certificate, key: client.key }),
  });
}

function systemCertificates(environment: Environment): string[] {
  const chosen = environment["SSL_CERT_FILE"];
  const bundles = chosen === undefined || chosen === "" ? SYSTEM_BUNDLES : [chosen];
  const bundle = bundles.map(readIfThere).find((text) => text !== undefined);
  const extra = environment["NODE_EXTRA_CA_CERTS"];
  const extras = extra === undefined || extra === "" ? undefined : readIfThere(extra);
  return [...(bundle === undefined ? rootCertificates : [bundle]), ...(extras === undefined ? [] : [extras])];
}

interface HostDirectory {
  readonly authorities: readonly string[];
  readonly certificate?: string | undefined;
  readonly key?: string | undefined;
}

function readHostDirectory(directory: string): HostDirectory {
  const names = listIfThere(directory);
  const read = (name: string): string => {
    try {
      return readFileSync(join(directory, name), "utf8");
    } catch (cause) {
      throw new TransportError("TLS", `cannot read ${join(directory, name)}`, {
        cause,
        advice: "Make the file readable, or remove it.",
      });
    }
  };
  const authorities = names.filter((name) => name.endsWith(".crt")).map(read);
  const certificate = names.find((name) => name.endsWith(".cert"));
  if (certificate === undefined) return { authorities };
  const key = `${certificate.slice(0, -".cert".length)}.key`;
  if (!names.includes(key)) {
    throw new TransportError("TLS", `${join(directory, certificate)} has no ${key} beside it`, {
      advice: "A client certificate NAME.cert needs its private key in NAME.key.",
    });
  }
  return { authorities, certificate: read(certificate), key: read(key) };
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}

function listIfThere(directory: string): readonly string[] {
  try {
    return readdirSync(directory).toSorted();
  } catch {
    return [];
  }
}
