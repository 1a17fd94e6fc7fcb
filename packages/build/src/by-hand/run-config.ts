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

/** The `config` part of an image's config, in the order of the specification. `OPTION_INVALID` */
export function makeRunConfig(options: StartOptions): RunConfig {
  const { user, workingDirectory, entrypoint, command } = options;
  const ports = (options.ports ?? []).map(normalizePort).toSorted();
  const labels = (options.labels ?? []).map((label) => splitPair(label, "label"));
  return {
    ...(user === undefined ? {} : { User: user }),
    ...(ports.length === 0 ? {} : { ExposedPorts: Object.fromEntries(ports.map((port) => [port, {}])) }),
    Env: makeEnvironment(options.environment ?? []),
    ...(entrypoint === undefined ? {} : { Entrypoint: entrypoint }),
    ...(command === undefined ? {} : { Cmd: command }),
    ...(workingDirectory === undefined ? {} : { WorkingDir: absolute(workingDirectory) }),
    ...(labels.length === 0 ? {} : { Labels: Object.fromEntries(labels.toSorted(byName)) }),
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

function makeEnvironment(variables: readonly string[]): readonly string[] {
  // As for a process: the last value of a name holds, in the place of its first.
  const values = new Map(variables.map((variable) => splitPair(variable, "variable")));
  const list = [...values].map(([name, value]) => `${name}=${value}`);
  return values.has("PATH") ? list : [DEFAULT_PATH, ...list];
}

function splitPair(text: string, what: string): readonly [name: string, value: string] {
  const equals = text.indexOf("=");
  if (equals < 1 || text.includes("\0")) throw invalid(what, text, "Write it as NAME=VALUE.");
  return [text.slice(0, equals), text.slice(equals + 1)];
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : Number(a > b);
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
