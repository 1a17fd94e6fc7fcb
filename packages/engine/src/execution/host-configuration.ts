import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import type { HostConfiguration } from "../graph/operation.ts";
import type { Volume } from "../run/options.ts";
import { javaOptions, trustStoreOf } from "./java-options.ts";
import { namesBundle, withoutBundle } from "./npm-bundle.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** What of the host's configuration a step is shown: files, read-only, and variables that name them. */
export interface ShownConfiguration {
  readonly volumes: readonly Volume[];
  /** Files that are made for the step of what the host has, by where they are to be. */
  readonly files: ReadonlyMap<string, Buffer>;
  readonly environment: Readonly<Record<string, string>>;
}

/** Where files of the host's configuration stand in a step. Nothing under it is part of a layer. */
const CONFIGURATION_ROOT = "/run/cooper/configuration";

const TRUST_STORE = `${CONFIGURATION_ROOT}/java-trust-store`;

const BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/cert.pem",
];
/** Every name by which programs are told of certificate authorities. */
const BUNDLE_VARIABLES = [
  "SSL_CERT_FILE",
  "NODE_EXTRA_CA_CERTS",
  "PIP_CERT",
  "REQUESTS_CA_BUNDLE",
  "CURL_CA_BUNDLE",
  "GIT_SSL_CAINFO",
  "CARGO_HTTP_CAINFO",
];
const PROXIES = ["HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"].flatMap((name) => [
  name,
  name.toLowerCase(),
]);

interface Source {
  /** Files by the variable that names them to the program; the first one that is there. */
  readonly files: Readonly<Record<string, (environment: Environment, home: string) => readonly string[]>>;
  /** Variables that are handed on as they are. */
  readonly variables: RegExp;
}

const SOURCES: Readonly<Record<Exclude<HostConfiguration, "certificates" | "apt">, Source>> = {
  npm: {
    files: {
      NPM_CONFIG_USERCONFIG: (environment, home) => [
        environment["NPM_CONFIG_USERCONFIG"] ?? environment["npm_config_userconfig"] ?? join(home, ".npmrc"),
      ],
      NPM_CONFIG_GLOBALCONFIG: (environment) => [
        environment["NPM_CONFIG_GLOBALCONFIG"] ?? "/usr/etc/npmrc",
        "/usr/local/etc/npmrc",
        "/etc/npmrc",
      ],
    },
    variables: /^npm_config_(registry|.*:registry|.*_authtoken)$|^YARN_NPM_REGISTRY_SERVER$/i,
  },
  pip: {
    files: {
      PIP_CONFIG_FILE: (environment, home) => [
        environment["PIP_CONFIG_FILE"] ?? join(home, ".config/pip/pip.conf"),
        join(home, ".pip/pip.conf"),
        "/etc/pip.conf",
      ],
    },
    variables: /^(PIP_(INDEX_URL|EXTRA_INDEX_URL|TRUSTED_HOST|FIND_LINKS)|UV_(INDEX_URL|DEFAULT_INDEX))$/,
  },
  go: {
    files: { GOENV: (_environment, home) => [join(home, ".config/go/env")] },
    variables: /^(GOPROXY|GOSUMDB|GONOSUMDB|GONOSUMCHECK|GOPRIVATE|GOINSECURE|GOFLAGS)$/,
  },
  cargo: {
    files: {
      COOPER_CARGO_CONFIG: (environment, home) => [
        join(environment["CARGO_HOME"] ?? join(home, ".cargo"), "config.toml"),
        join(environment["CARGO_HOME"] ?? join(home, ".cargo"), "config"),
      ],
    },
    variables: /^CARGO_REGISTRIES_.*$|^CARGO_SOURCE_.*$/,
  },
  maven: {
    files: {
      COOPER_MAVEN_SETTINGS: (_environment, home) => [
        join(home, ".m2/settings.xml"),
        "/etc/maven/settings.xml",
      ],
    },
    variables: /^MAVEN_OPTS$/,
  },
};

/**
 * The host's configuration for a step that asked for it, so that it fetches from where the host
 * fetches. It is mounted for the step alone: in no layer, no key and no record. With a network come
 * the proxies and the certificate authorities. `project` is the text of the npmrc where the step runs.
 */
export function hostConfiguration(
  asked: readonly HostConfiguration[],
  environment: Environment = process.env,
  project = "",
): ShownConfiguration {
  const home = environment["HOME"] ?? homedir();
  const volumes: Volume[] = [];
  const files = new Map<string, Buffer>();
  const shown: Record<string, string> = {};
  const show = (
    kind: HostConfiguration,
    variable: string,
    candidates: readonly string[],
  ): string | undefined => {
    const source = candidates.find((path) => existsSync(path));
    if (source === undefined) return undefined;
    const target = `${CONFIGURATION_ROOT}/${variable.toLowerCase()}`;
    const text = kind === "npm" && isTrusting ? readFileSync(source, "utf8") : "";
    if (namesBundle(text)) files.set(target, Buffer.from(withoutBundle(text)));
    else volumes.push({ source, target, access: "read-only" });
    shown[variable] = target;
    return target;
  };
  const bundles = [environment["SSL_CERT_FILE"] ?? "", ...BUNDLES].filter((path) => path !== "");
  const isTrusting = asked.includes("certificates") && bundles.some((path) => existsSync(path));
  for (const kind of asked) {
    if (kind === "certificates") {
      const bundle = show(kind, "SSL_CERT_FILE", bundles);
      for (const name of bundle === undefined ? [] : BUNDLE_VARIABLES) shown[name] = bundle ?? "";
      if (namesBundle(project) && bundle !== undefined) shown["NPM_CONFIG_CAFILE"] = bundle;
      for (const name of PROXIES) pass(environment, name, shown);
    } else if (kind !== "apt") {
      const { files: candidates, variables } = SOURCES[kind];
      for (const [variable, paths] of Object.entries(candidates))
        show(kind, variable, paths(environment, home));
      for (const name of Object.keys(environment)) if (variables.test(name)) pass(environment, name, shown);
    }
  }
  if (asked.includes("maven") && asked.includes("certificates")) {
    const bundle = bundles.find((path) => existsSync(path));
    if (bundle !== undefined) files.set(TRUST_STORE, trustStoreOf(readFileSync(bundle, "utf8")));
    // The host's own store is a file of the host, and would come before the one that is made here.
    const maven = shown["MAVEN_OPTS"]?.replaceAll(/\s*-Djavax\.net\.ssl\.trustStore\S*/g, "");
    if (maven !== undefined) shown["MAVEN_OPTS"] = maven;
    const options = javaOptions(environment, bundle === undefined ? undefined : TRUST_STORE);
    if (options !== "") shown["JAVA_TOOL_OPTIONS"] = options;
  }
  return { volumes, files, environment: shown };
}

function pass(environment: Environment, name: string, into: Record<string, string>): void {
  const value = environment[name];
  if (value !== undefined && value !== "") into[name] = value;
}
