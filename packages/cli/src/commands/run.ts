import { resolve } from "node:path";
import { numberParser } from "@stricli/core";
import {
  againInUserNamespace,
  parseCpus,
  parseMemory,
  parsePublishedPort,
  parseVolume,
  privilege,
  runImage,
  RUNTIME_NAMES,
} from "@cooper/engine";
import type { PublishedPort, RuntimeName, Volume } from "@cooper/engine";
import { parseCommand } from "@cooper/build";
import { cooperHome } from "@cooper/transport";
import { defineCommand } from "../command.ts";
import { showRun } from "../display/run.ts";
import { flag, globalFlags, registryFlags, text, texts } from "../flags.ts";
import type { GlobalFlags, RegistryFlags } from "../flags.ts";
import { packageFlags } from "../packages.ts";
import type { PackageFlags } from "../packages.ts";
import { placeOptions, platformFlag, withImage } from "../places.ts";
import type { PlatformFlag } from "../places.ts";

type Flags = GlobalFlags &
  RegistryFlags &
  PackageFlags &
  PlatformFlag & {
    readonly env?: readonly string[] | undefined;
    readonly volume?: readonly Volume[] | undefined;
    readonly publish?: readonly PublishedPort[] | undefined;
    readonly user?: string | undefined;
    readonly workdir?: string | undefined;
    readonly entrypoint?: readonly string[] | undefined;
    readonly interactive?: boolean | undefined;
    readonly tty?: boolean | undefined;
    readonly readOnly?: boolean | undefined;
    readonly memory?: number | undefined;
    readonly cpus?: number | undefined;
    readonly network?: "host" | "none" | undefined;
    readonly runtime?: RuntimeName | undefined;
    readonly stopTimeout?: number | undefined;
  };

export const run = defineCommand<Flags, string[]>({
  usage: "[FLAGS] REF [-- ARGUMENTS]",
  description: `Runs an image and waits for its end. Its layers are unpacked once, into Cooper's store; what the
container writes is gone when it ends. Signals go to the container, and its exit status is this command's.
Without root, all of it happens in a user namespace. "cooper doctor" says what a host lacks for it.`,
  examples: [
    { run: "run alpine:3 -- cat /etc/os-release", shows: "A command in an image of Docker Hub" },
    { run: "run -it alpine:3 -- sh", shows: "A shell" },
    {
      run: "run -p 8080:80 -v ./site:/usr/share/nginx/html:ro nginx",
      shows: "A server with the host's files",
    },
  ],
  parameters: {
    flags: {
      ...globalFlags,
      ...registryFlags,
      ...packageFlags,
      ...platformFlag,
      env: texts("NAME=VALUE, or NAME for the value it has here; may be given again", "VARIABLE"),
      volume: {
        kind: "parsed",
        parse: (input: string) => parseVolume(input, (path) => resolve(path)),
        optional: true,
        variadic: true,
        brief: "Show a directory or file of the host in the container; may be given again",
        placeholder: "SOURCE:TARGET[:ro]",
      },
      publish: {
        kind: "parsed",
        parse: parsePublishedPort,
        optional: true,
        variadic: true,
        brief: "Make a TCP port of the container one of the host; may be given again",
        placeholder: "[[ADDRESS:]HOSTPORT:]PORT",
      },
      user: text("Run as this user: NAME, UID, NAME:GROUP, UID:GID", "USER"),
      workdir: text("Start in this directory", "PATH"),
      entrypoint: {
        kind: "parsed",
        parse: (input: string) => (input === "" ? [] : input.startsWith("[") ? parseCommand(input) : [input]),
        optional: true,
        brief: "Start this program, or JSON array of words, instead of the image's",
        placeholder: "PROGRAM",
      },
      interactive: flag("Let the container read this command's standard input"),
      tty: flag("Give the container a terminal"),
      readOnly: flag("Let the container write nowhere but in its volumes"),
      memory: {
        kind: "parsed",
        parse: parseMemory,
        optional: true,
        brief: "The most memory it may have: 512m, 2g",
        placeholder: "SIZE",
      },
      cpus: {
        kind: "parsed",
        parse: parseCpus,
        optional: true,
        brief: "The most processors it may use: 0.5, 2",
        placeholder: "N",
      },
      network: {
        kind: "enum",
        values: ["host", "none"],
        optional: true,
        brief: "The host's network (default), or none",
      },
      runtime: {
        kind: "enum",
        values: RUNTIME_NAMES,
        optional: true,
        brief: "What starts the container; default: the first of these that works here",
      },
      stopTimeout: {
        kind: "parsed",
        parse: numberParser,
        optional: true,
        brief: "Seconds from SIGTERM until the container is killed (default 10)",
        placeholder: "SECONDS",
      },
    },
    aliases: {
      e: "env",
      v: "volume",
      p: "publish",
      u: "user",
      w: "workdir",
      i: "interactive",
      t: "tty",
      m: "memory",
    },
    positional: {
      kind: "array",
      minimum: 1,
      parameter: {
        placeholder: "ref -- arguments",
        brief: "What to run, and arguments that replace the image's Cmd",
        parse: String,
      },
    },
  },
  async run(terminal, flags, ref, ...args) {
    if (ref === undefined) return;
    if (privilege() === "user") terminal.leaveSignals(); // the same command inside gets them
    const again = await againInUserNamespace(process.argv.slice(1));
    if (again !== undefined) {
      terminal.status = again;
      return;
    }
    const options = { ...placeOptions(terminal, flags, flags), platform: flags.platform };
    await withImage(ref, options, async (image) => {
      const { status } = await runImage(image, {
        home: cooperHome(),
        arguments: args.length === 0 ? undefined : args,
        entrypoint: flags.entrypoint,
        env: flags.env,
        user: flags.user,
        workdir: flags.workdir,
        volumes: flags.volume,
        published: flags.publish,
        stdin: flags.interactive === true ? "open" : "closed",
        terminal: flags.tty === true ? "attached" : "none",
        root: flags.readOnly === true ? "read-only" : "read-write",
        memory: flags.memory,
        cpus: flags.cpus,
        network: flags.network,
        runtime: flags.runtime,
        stopTimeout: flags.stopTimeout,
        onEvent: showRun(terminal),
        signal: terminal.signal,
      });
      terminal.status = status;
    });
  },
});
