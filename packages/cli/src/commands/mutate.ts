import { changeRunConfig } from "@cooper/build";
import {
  withAnnotations,
  withCompression,
  withEnv,
  withLabels,
  withMediaTypes,
  withPlatform,
  withRunConfig,
  withSubject,
  withTime,
} from "@cooper/oci";
import type { AnnotationPlace, Content, Format, Platform } from "@cooper/oci";
import type { LayerCompressionOptions } from "@cooper/transport";
import { defineCommand } from "../command.ts";
import { commandFlag } from "../command-flag.ts";
import { parseCompression } from "../compression-flag.ts";
import { globalFlags, text, texts } from "../flags.ts";
import type { GlobalFlags } from "../flags.ts";
import { parsePair, parseTime } from "../parsing.ts";
import {
  outputAliases,
  outputFlags,
  placeOptions,
  platformFlag,
  referenceArgument,
  scopeFlags,
  scopeOf,
  withOpened,
  writeOutput,
} from "../places.ts";
import type { OutputFlags, ScopeFlags } from "../places.ts";

type Pair = readonly [name: string, value: string | undefined];

type Flags = GlobalFlags &
  OutputFlags &
  ScopeFlags & {
    readonly env?: readonly string[] | undefined;
    readonly unsetEnv?: readonly string[] | undefined;
    readonly label?: readonly string[] | undefined;
    readonly unsetLabel?: readonly string[] | undefined;
    readonly annotation?: readonly Pair[] | undefined;
    readonly unsetAnnotation?: readonly string[] | undefined;
    readonly annotate?: AnnotationPlace | undefined;
    readonly cmd?: readonly string[] | undefined;
    readonly entrypoint?: readonly string[] | undefined;
    readonly user?: string | undefined;
    readonly workdir?: string | undefined;
    readonly expose?: readonly string[] | undefined;
    readonly setPlatform?: Platform | undefined;
    readonly time?: Date | undefined;
    readonly fileTimes?: "keep" | "set" | "clamp" | undefined;
    readonly subject?: string | undefined;
    readonly format?: Format | undefined;
    readonly compress?: LayerCompressionOptions | undefined;
  };

export const mutate = defineCommand<Flags, [string]>({
  description: `Changes what an image says of itself, on every image of an index or on some, and prints the new digest.
The layers stay as they are, unless --compress or --file-times writes them anew. What is not named stays.`,
  examples: [
    { run: 'mutate app -e DEBUG=1 --cmd \'["/app", "-v"]\' -t app:debug', shows: "Another way to start" },
    {
      run: "mutate oci:app --annotation org.opencontainers.image.version=1.2 -o oci:app:1.2",
      shows: "An annotation of the manifest",
    },
    { run: "mutate app --time 0 --file-times clamp -o oci:app", shows: "Without the times of its making" },
    { run: "mutate nginx --format oci --compress zstd -o oci:nginx", shows: "OCI media types, zstd layers" },
  ],
  parameters: {
    flags: {
      ...globalFlags,
      ...outputFlags,
      ...scopeFlags,
      env: texts("Set a variable: NAME=VALUE; may be given again", "VARIABLE"),
      unsetEnv: texts("Take a variable away; may be given again", "NAME"),
      label: texts("Set a label: NAME=VALUE; may be given again", "LABEL"),
      unsetLabel: texts("Take a label away; may be given again", "NAME"),
      annotation: {
        kind: "parsed",
        parse: parsePair,
        optional: true,
        variadic: true,
        brief: "Set an annotation: NAME=VALUE; may be given again",
        placeholder: "ANNOTATION",
      },
      unsetAnnotation: texts("Take an annotation away; may be given again", "NAME"),
      annotate: {
        kind: "enum",
        values: ["manifest", "index", "descriptor"],
        optional: true,
        brief: "Where annotations go: each image's manifest (default), the index, or its entries",
      },
      cmd: commandFlag("What to run: a JSON array of words, or a line for /bin/sh"),
      entrypoint: commandFlag(
        "What to run, to which the command's words are arguments; drops the old command",
      ),
      user: text("Run as this user: NAME, UID, NAME:GROUP, UID:GID", "USER"),
      workdir: text("Start in this directory", "PATH"),
      expose: texts("A port that it listens on: 80, 53/udp; may be given again", "PORT"),
      setPlatform: { ...platformFlag.platform, brief: "Say that it is for this platform" },
      time: {
        kind: "parsed",
        parse: parseTime,
        optional: true,
        brief: "Say that it and its history were made then: RFC 3339, or seconds since 1970",
        placeholder: "TIME",
      },
      fileTimes: {
        kind: "enum",
        values: ["keep", "set", "clamp"],
        optional: true,
        brief: "With --time: what becomes of the files' times; default: keep",
      },
      subject: text("Say that it refers to this manifest", "REF"),
      format: { kind: "enum", values: ["oci", "docker"], optional: true, brief: "Convert media types" },
      compress: {
        kind: "parsed",
        parse: parseCompression,
        optional: true,
        brief: "Compress the layers anew: none, gzip or zstd, with a level as in zstd:9",
        placeholder: "HOW",
      },
    },
    aliases: { ...outputAliases, e: "env", l: "label", a: "annotation", u: "user", w: "workdir" },
    positional: { kind: "tuple", parameters: [referenceArgument("What to change")] },
  },
  async run(terminal, flags, ref) {
    const options = placeOptions(terminal, flags);
    await withOpened(ref, options, async ({ content }) => {
      const changed = change(content, flags);
      if (flags.subject === undefined) await writeOutput(terminal, flags, changed);
      else {
        await withOpened(flags.subject, options, async (subject) => {
          await writeOutput(terminal, flags, withSubject(changed, subject.content));
        });
      }
    });
  },
});

/** One call for each flag that is given, in a fixed order. */
function change(content: Content, flags: Flags): Content {
  const scope = scopeOf(flags);
  const { unsetEnv, unsetLabel, time, setPlatform, format, compress } = flags;
  let changed = content;
  if (unsetEnv !== undefined) changed = withEnv(changed, without(unsetEnv), scope);
  if (unsetLabel !== undefined) changed = withLabels(changed, without(unsetLabel), scope);
  const start = startOptions(flags);
  if (Object.values(start).some((value) => value !== undefined)) {
    changed = withRunConfig(changed, (run) => changeRunConfig(run, start), scope);
  }
  const annotations = {
    ...without(flags.unsetAnnotation ?? []),
    ...Object.fromEntries(flags.annotation ?? []),
  };
  if (Object.keys(annotations).length > 0) {
    changed = withAnnotations(changed, annotations, { ...scope, on: flags.annotate });
  }
  if (setPlatform !== undefined) changed = withPlatform(changed, setPlatform, scope);
  if (time !== undefined) changed = withTime(changed, time, { ...scope, files: flags.fileTimes });
  // Docker's media types have no zstd: what comes from there is converted first, what goes there last.
  if (format === "oci") changed = withMediaTypes(changed, format, scope);
  if (compress !== undefined) changed = withCompression(changed, { ...scope, ...compress });
  if (format === "docker") changed = withMediaTypes(changed, format, scope);
  return changed;
}

function startOptions(flags: Flags): Parameters<typeof changeRunConfig>[1] {
  return {
    command: flags.cmd,
    entrypoint: flags.entrypoint,
    environment: flags.env,
    user: flags.user,
    workingDirectory: flags.workdir,
    ports: flags.expose,
    labels: flags.label,
  };
}

function without(names: readonly string[]): Readonly<Record<string, undefined>> {
  return Object.fromEntries(names.map((name) => [name, undefined]));
}
