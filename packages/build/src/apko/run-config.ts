import type { Annotations, RunConfig } from "@cooper/oci";
import { BuildError } from "../errors.ts";
import type { ApkoConfiguration } from "./schema.ts";
import { splitWords } from "./words.ts";

/** Programs find the bundle of certificates by this, whatever their library's own place is. */
const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";

/** What the image's config says of a container: entrypoint, command, environment, user and the rest. */
export function runConfigOf(
  configuration: ApkoConfiguration,
  base: RunConfig,
  annotations: Annotations,
): RunConfig {
  const { accounts, cmd, environment = {}, volumes = [] } = configuration;
  const entrypoint = entrypointOf(configuration);
  const command = cmd === undefined || cmd === "" ? undefined : wordsOf(cmd, "cmd");
  const hasOwn = entrypoint !== undefined || command !== undefined;
  const { Cmd: shell, ...rest } = base;
  return {
    ...rest,
    Env: environmentOf(base.Env ?? [], environment),
    ...(entrypoint === undefined ? {} : { Entrypoint: entrypoint }),
    ...(hasOwn ? (command === undefined ? {} : { Cmd: command }) : { Cmd: shell }),
    ...given("User", accounts?.["run-as"]),
    ...given("WorkingDir", configuration["work-dir"]),
    ...given("StopSignal", configuration["stop-signal"]),
    ...(volumes.length === 0 ? {} : { Volumes: Object.fromEntries(volumes.map((path) => [path, {}])) }),
    ...(Object.keys(annotations).length === 0 ? {} : { Labels: annotations }),
  };
}

/** Annotations of the image, which are its labels too; `vcs-url` says where the source is. */
export function annotationsOf({ annotations = {}, "vcs-url": source = "" }: ApkoConfiguration): Annotations {
  if (source === "") return annotations;
  const at = source.lastIndexOf("@");
  const hasRevision = /^[0-9a-f]{7,64}$/u.test(source.slice(at + 1));
  return {
    "org.opencontainers.image.source": hasRevision ? source.slice(0, at) : source,
    ...(hasRevision ? { "org.opencontainers.image.revision": source.slice(at + 1) } : {}),
    ...annotations,
  };
}

function entrypointOf({ entrypoint = {} }: ApkoConfiguration): readonly string[] | undefined {
  const { type = "", command = "", "shell-fragment": fragment = "", services = {} } = entrypoint;
  if (type === "service-bundle" || Object.keys(services).length > 0) {
    throw new BuildError("CONFIGURATION_UNSUPPORTED", "entrypoint: a service bundle is not made", {
      advice: "Give a command that starts one program, or a supervisor of its own among the packages.",
    });
  }
  if (type !== "") {
    throw new BuildError(
      "CONFIGURATION_INVALID",
      `entrypoint.type: there is no type ${JSON.stringify(type)}`,
      {
        kind: "usage",
        advice: "Leave it out, and give command or shell-fragment.",
      },
    );
  }
  if (fragment !== "") return ["/bin/sh", "-c", fragment];
  return command === "" ? undefined : wordsOf(command, "entrypoint.command");
}

function wordsOf(line: string, where: string): readonly string[] {
  const words = splitWords(line);
  if (words !== undefined) return words;
  throw new BuildError("CONFIGURATION_INVALID", `${where}: a quote stays open in ${JSON.stringify(line)}`, {
    kind: "usage",
  });
}

/** Sorted, so that the order in the file changes no digest. */
function environmentOf(
  base: readonly string[],
  environment: Readonly<Record<string, string>>,
): readonly string[] {
  const pairs = base.map(
    (line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)] as const,
  );
  const all = new Map([...pairs, ["SSL_CERT_FILE", CERTIFICATES] as const, ...Object.entries(environment)]);
  return [...all].map(([name, value]) => `${name}=${value}`).toSorted();
}

function given<Key extends string>(key: Key, value: string | undefined): Partial<Record<Key, string>> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a computed key widens to string
  return (value === undefined || value === "" ? {} : { [key]: value }) as Partial<Record<Key, string>>;
}
