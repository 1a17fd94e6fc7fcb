import { relative, resolve } from "node:path";
import { fromBytes, writeFileAtomic } from "@cooper/archive";
import { generateDockerfile as generate } from "@cooper/build";
import { defineCommand } from "../command.ts";
import { globalFlags, text } from "../flags.ts";
import type { GlobalFlags } from "../flags.ts";
import { planOf, sourceFlags } from "../source.ts";
import type { SourceFlags } from "../source.ts";

type Flags = GlobalFlags & SourceFlags & { readonly output?: string | undefined };

export const generateDockerfile = defineCommand<Flags, [string | undefined]>({
  description: `Writes a Dockerfile that does what cooper build does with an application's source: a stage for each step, with
caches as mounts, and an image of what running needs, for the same user and command. BuildKit and Buildah build it. It
stands on Debian's, Alpine's and Node's own images in place of those that Cooper makes of packages. The host's configuration
of package managers is no part of it: where a build needs it, give it as a secret, --secret id=npmrc,src=$HOME/.npmrc.`,
  examples: [
    { run: "generate dockerfile .", shows: "To standard output" },
    {
      run: "generate dockerfile . -o Dockerfile",
      shows: "And what is left out of the source, to Dockerfile.dockerignore",
    },
  ],
  usage: "[FLAGS] [PATH]",
  parameters: {
    flags: { ...globalFlags, ...sourceFlags, output: text("Write it to this file", "FILE") },
    aliases: { o: "output", e: "env" },
    positional: {
      kind: "tuple",
      parameters: [{ placeholder: "path", brief: "The source; default: .", parse: String, optional: true }],
    },
  },
  async run(terminal, flags, path = ".") {
    const { source, plan } = await planOf(terminal, path, flags);
    const { dockerfile, ignore } = generate(plan, source);
    const { output } = flags;
    if (output === undefined) return terminal.answer(dockerfile.trimEnd());
    const { signal } = terminal;
    const ignoreFile = `${output}.dockerignore`;
    // Written into the source, they are no part of the application either.
    const own = [output, ignoreFile].map((file) => relative(resolve(source.directory), resolve(file)));
    const lines = [ignore, ...own.filter((file) => !file.startsWith("..")).map((file) => `${file}\n`)];
    await writeFileAtomic(output, fromBytes(dockerfile), { signal });
    await writeFileAtomic(ignoreFile, fromBytes(lines.join("")), { signal });
  },
});
