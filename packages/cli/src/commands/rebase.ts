import { builtOn, formatDockerName, makeIndex, rebase as rebaseImage } from "@cooper/oci";
import type { BaseNote, Content } from "@cooper/oci";
import { defineCommand } from "../command.ts";
import { CliError } from "../errors.ts";
import { globalFlags, text } from "../flags.ts";
import type { GlobalFlags } from "../flags.ts";
import {
  outputAliases,
  outputFlags,
  placeOptions,
  referenceArgument,
  scopeFlags,
  scopeOf,
  withAllOpened,
  withOpened,
  writeOutput,
} from "../places.ts";
import type { OutputFlags, ScopeFlags } from "../places.ts";

type Flags = GlobalFlags &
  OutputFlags &
  ScopeFlags & { readonly oldBase?: string | undefined; readonly newBase?: string | undefined };

export const rebase = defineCommand<Flags, [string]>({
  description: `Puts an image, or every image of an index, on another base and prints the new digest: the layers of the
old base, which must be its first ones, give way to those of the new base. Variables and labels that it
has from the old base come from the new one; what it set itself stays. Nothing is built again, and no
layer that the destination has is read. Without --old-base and --new-base the image's annotations
org.opencontainers.image.base.name and .digest tell what it was built on, and what the name means now
is its new base.`,
  examples: [
    {
      run: "rebase --old-base alpine:3.19 --new-base alpine:3.20 ghcr.io/me/app:v1 -o docker://ghcr.io/me/app:v1.1",
      shows: "A patched base under an application",
    },
    {
      run: "rebase ghcr.io/me/app:v1 -o docker://ghcr.io/me/app:v1",
      shows: "Onto what its base's tag means now",
    },
  ],
  parameters: {
    flags: {
      ...globalFlags,
      ...outputFlags,
      ...scopeFlags,
      oldBase: text("The base that it was built on; default: as its annotations say", "REF"),
      newBase: text("The base that it shall have; default: what the name of its base means now", "REF"),
    },
    aliases: outputAliases,
    positional: { kind: "tuple", parameters: [referenceArgument("What to put on another base")] },
  },
  async run(terminal, flags, ref) {
    const options = placeOptions(terminal, flags);
    const { signal } = terminal;
    await withOpened(ref, options, async ({ content }) => {
      const isTold = flags.oldBase !== undefined && flags.newBase !== undefined;
      const notes = isTold ? [] : requireNotes(await builtOn(content, { signal }), ref);
      const oldBases = flags.oldBase === undefined ? notes.map(pinned) : [flags.oldBase];
      await withAllOpened(oldBases, options, async (contents) => {
        await withOpened(flags.newBase ?? `docker://${notes[0]?.name}`, options, async (newBase) => {
          const { reference } = newBase;
          const baseName = reference.scheme === "docker" ? formatDockerName(reference) : undefined;
          const change = { ...scopeOf(flags), baseName };
          const changed = rebaseImage(content, together(contents), newBase.content, change);
          await writeOutput(terminal, flags, changed);
        });
      });
    });
  },
});

/** The base as it was: by its digest, wherever its tag has gone. */
function pinned({ name, digest }: BaseNote): string {
  return `docker://${name}@${digest}`;
}

/** The bases of the images of an index, as the index that they were taken from. */
function together(contents: readonly Content[]): Content {
  const [only] = contents;
  return contents.length === 1 && only !== undefined ? only : makeIndex({ manifests: contents });
}

/** `ARGUMENT_INVALID` */
function requireNotes(notes: readonly BaseNote[], ref: string): readonly BaseNote[] {
  const [first] = notes;
  if (first === undefined) {
    throw new CliError(
      "ARGUMENT_INVALID",
      `${ref} does not say what it was built on`,
      "Give --old-base and --new-base: the annotations org.opencontainers.image.base.name and .digest are missing.",
    );
  }
  const other = notes.find(({ name }) => name !== first.name);
  if (other === undefined) return notes;
  throw new CliError(
    "ARGUMENT_INVALID",
    `the images of ${ref} were built on several bases: ${first.name} and ${other.name}`,
    "Give --old-base and --new-base, and --platform for one of them at a time.",
  );
}
