import type { RunConfig } from "@cooper/oci";
import { BuildError } from "../errors.ts";

/** What `docker build` also puts into an image that says nothing: without it a program is found by its full path only. */
const DEFAULT_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/** How a container of the image is to start, in the words of the command's flags. */
export interface StartOptions {
  /** Arguments, or the whole command where there is no entrypoint. */
  readonly command?: readonly string[] | undefined;
  readonly entrypoint?: readonly string[] | undefined;
  /** `NAME=value`; a PATH is added if there is none. */
  readonly environment?: readonly string[] | undefined;
  /** `user`, `uid`, `user:group` or `uid:gid`. */
  readonly user?: string | undefined;
  readonly workingDirectory?: string | undefined;
  /** `80`, `80/tcp`, `53/udp`. */
  readonly ports?: readonly string[] | undefined;
  /** `name=value`. */
  readonly labels?: readonly string[] | undefined;
}

/** The `config` part of a new image's config: what the options say, and a PATH. `OPTION_INVALID` */
export function makeRunConfig(options: StartOptions): RunConfig {
  return changeRunConfig({ Env: [DEFAULT_PATH] }, options);
}

/**
 * A run config with what the options say in place of what it said: variables, labels and ports are
 * added or replaced by name, a new entrypoint drops the old command, as for Docker. `OPTION_INVALID`
 */
export function changeRunConfig(run: RunConfig, options: StartOptions): RunConfig {
  const { user, workingDirectory, entrypoint, command } = options;
  const ports = (options.ports ?? []).map((port) => [normalizePort(port), {}] as const);
  const labels = (options.labels ?? []).map((label) => splitPair(label, "label"));
  const { Cmd: oldCommand, ...rest } = run;
  const newCommand = command ?? (entrypoint === undefined ? oldCommand : undefined);
  return {
    ...rest,
    ...(user === undefined ? {} : { User: user }),
    ...(ports.length === 0 ? {} : { ExposedPorts: { ...run.ExposedPorts, ...Object.fromEntries(ports) } }),
    ...(options.environment === undefined
      ? {}
      : { Env: changeEnvironment(run.Env ?? [], options.environment) }),
    ...(entrypoint === undefined ? {} : { Entrypoint: entrypoint }),
    ...(newCommand === undefined ? {} : { Cmd: newCommand }),
    ...(workingDirectory === undefined ? {} : { WorkingDir: absolute(workingDirectory) }),
    ...(labels.length === 0 ? {} : { Labels: { ...run.Labels, ...Object.fromEntries(labels) } }),
  };
}

/**
 * A command from text, as in a Dockerfile: a JSON array of strings is taken word by word, anything
 * else is for the image's shell. `OPTION_INVALID`
 */
export function parseCommand(text: string): readonly string[] {
  if (!text.trimStart().startsWith("[")) return ["/bin/sh", "-c", text];
  let words: unknown;
  try {
    words = JSON.parse(text);
  } catch (error) {
    throw invalid(
      "command",
      text,
      'Write a JSON array such as ["/bin/httpd", "-f"], or a line for the shell.',
      {
        cause: error,
      },
    );
  }
  if (!Array.isArray(words) || !words.every((word) => typeof word === "string")) {
    throw invalid("command", text, 'All of its words must be strings: ["sleep", "10"].');
  }
  return words;
}

/** As for a process: the last value of a name holds, in the place of its first. */
function changeEnvironment(before: readonly string[], changes: readonly string[]): readonly string[] {
  const values = new Map(before.map((variable) => nameAndValue(variable)));
  for (const change of changes) values.set(...splitPair(change, "variable"));
  return [...values].map(([name, value]) => (value === undefined ? name : `${name}=${value}`));
}

/** Of an image that exists: some hold names without a value. */
function nameAndValue(variable: string): readonly [name: string, value: string | undefined] {
  const equals = variable.indexOf("=", 1);
  return equals === -1 ? [variable, undefined] : [variable.slice(0, equals), variable.slice(equals + 1)];
}

function splitPair(text: string, what: string): readonly [name: string, value: string] {
  const equals = text.indexOf("=");
  if (equals < 1 || text.includes("\0")) throw invalid(what, text, "Write it as NAME=VALUE.");
  return [text.slice(0, equals), text.slice(equals + 1)];
}

function normalizePort(text: string): string {
  const [, port = "", protocol = "tcp"] = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/.exec(text) ?? [];
  if (port === "" || Number(port) < 1 || Number(port) > 65_535) {
    throw invalid("port", text, "Write it as 80, 80/tcp or 53/udp.");
  }
  return `${Number(port)}/${protocol}`;
}

function absolute(directory: string): string {
  if (!directory.startsWith("/"))
    throw invalid("working directory", directory, "It must begin with a slash.");
  return directory;
}

function invalid(
  what: string,
  text: string,
  advice: string,
  details: { readonly cause?: unknown } = {},
): BuildError {
  return new BuildError("OPTION_INVALID", `${JSON.stringify(text)} does not do for a ${what}`, {
    ...details,
    kind: "usage",
    advice,
    fields: { [what]: text },
  });
}
