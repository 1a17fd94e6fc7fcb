import { deleteReference } from "@cooper/transport";
import { defineCommand } from "../command.ts";
import { globalFlags, registryFlags } from "../flags.ts";
import type { GlobalFlags, RegistryFlags } from "../flags.ts";
import { placeOptions } from "../places.ts";

export const deleteImage = defineCommand<GlobalFlags & RegistryFlags, string[]>({
  usage: "[FLAGS] REF...",
  description: `Deletes what a reference names: with a digest the manifest and so all its tags, without one the tag. The
blobs go when the registry, or "cooper store gc", collects them.`,
  examples: [
    { run: "delete localhost:5000/app@sha256:…", shows: "A manifest of a registry" },
    { run: "delete oci:out:v1", shows: "A tag of a layout" },
  ],
  parameters: {
    flags: { ...globalFlags, ...registryFlags },
    positional: {
      kind: "array",
      minimum: 1,
      parameter: { placeholder: "ref", brief: "What to delete", parse: String },
    },
  },
  async run(terminal, flags, ...references) {
    for (const reference of references) {
      await deleteReference(reference, placeOptions(terminal, flags));
      terminal.note(`Deleted ${reference}`);
    }
  },
});
