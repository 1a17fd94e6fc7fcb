import { byHand as makeByHand } from "@cooper/build";
import { fromBytes, writeFileAtomic } from "@cooper/archive";
import { parseReference } from "@cooper/oci";
import type { Platform } from "@cooper/oci";
import { hostPlatform } from "@cooper/transport";
import { defineCommand } from "../command.ts";
import { commandFlag } from "../command-flag.ts";
import { describeStep } from "../display/step.ts";
import { epochOfEnvironment } from "../epoch.ts";
import { globalFlags, text, texts } from "../flags.ts";
import type { GlobalFlags } from "../flags.ts";
import { outputAliases, outputFlags, platformFlag, writeOutput } from "../places.ts";
import type { OutputFlags } from "../places.ts";

type Flags = GlobalFlags &
  OutputFlags & {
    readonly cmd?: readonly string[] | undefined;
    readonly entrypoint?: readonly string[] | undefined;
    readonly env?: readonly string[] | undefined;
    readonly user?: string | undefined;
    readonly workdir?: string | undefined;
    readonly expose?: readonly string[] | undefined;
    readonly label?: readonly string[] | undefined;
    readonly platform?: Platform | undefined;
    readonly script?: string | undefined;
  };

export const byHand = defineCommand<Flags, [string]>({
  description: `Makes an image of a directory the hard way: a tar, its hash, gzip, a hash again, a config, a manifest.
Each step is told on standard error as it happens, with its real values and the shell command that does
the same. All files belong to root and have the time of $SOURCE_DATE_EPOCH, or of 1970, so that the same
files give the same digest on any machine. Without -o and -t nothing is written.`,
  examples: [
    {
      run: `by-hand root -o oci:out:v1 --cmd '["/bin/httpd", "-f"]' --expose 80`,
      shows: "An image in a layout, step by step",
    },
    {
      run: "by-hand root -o oci:out --script by-hand.sh",
      shows: "Also write a shell script that makes the same image with tar, gzip and sha256sum",
    },
    { run: "by-hand root -t hello --quiet", shows: "Into Cooper's store; print the digest only" },
  ],
  parameters: {
    flags: {
      ...globalFlags,
      ...outputFlags,
      cmd: commandFlag("What to run: a JSON array of words, or a line for /bin/sh"),
      entrypoint: commandFlag("What to run, to which the command's words are arguments"),
      env: texts("Set a variable: NAME=VALUE; may be given again", "VARIABLE"),
      user: text("Run as this user: NAME, UID, NAME:GROUP, UID:GID", "USER"),
      workdir: text("Start in this directory", "PATH"),
      expose: texts("A port that it listens on: 80, 53/udp; may be given again", "PORT"),
      label: texts("NAME=VALUE; may be given again", "LABEL"),
      platform: {
        ...platformFlag.platform,
        brief: "What it is for; default: linux on this machine's processor",
      },
      script: text("Write a shell script that makes the same image", "FILE"),
    },
    aliases: { ...outputAliases, e: "env", u: "user", w: "workdir", l: "label" },
    positional: {
      kind: "tuple",
      parameters: [{ placeholder: "directory", brief: "What becomes the image's root", parse: String }],
    },
  },
  async run(terminal, flags, directory) {
    const { signal } = terminal;
    const made = makeByHand(directory, {
      command: flags.cmd,
      entrypoint: flags.entrypoint,
      environment: flags.env,
      user: flags.user,
      workingDirectory: flags.workdir,
      ports: flags.expose,
      labels: flags.label,
      platform: flags.platform ?? hostPlatform(),
      epoch: epochOfEnvironment(process.env),
      tag: tagOf(flags),
      onStep: (step) => terminal.note(describeStep(step)),
    });
    const isWritten = flags.output !== undefined || flags.tag !== undefined;
    if (isWritten) await writeOutput(terminal, flags, made.image);
    await made.tellRest({ signal });
    if (flags.script !== undefined) {
      await writeFileAtomic(flags.script, fromBytes(await made.script({ signal })), { mode: 0o755, signal });
    }
    if (isWritten) return;
    terminal.answer(await made.image.digest({ signal }));
    terminal.note("Nothing was written: -o DEST or -t NAME says where to.");
  },
});

/** The tag that the first destination gives it, for the step that tells of index.json. */
function tagOf({ output = [], tag = [] }: Flags): string | undefined {
  const [first = tag[0]] = output;
  const reference = first === undefined ? undefined : parseReference(first);
  return reference !== undefined && "tag" in reference ? reference.tag : undefined;
}
