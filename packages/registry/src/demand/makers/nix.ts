import { referenceOfPath } from "@cooper/oci";
import type { MakerReference, RegistryPath } from "@cooper/oci";
import type { Maker } from "../maker.ts";

/** Nixery's name for what one wants in a shell. */
const SHELL = ["bashInteractive", "coreutils", "moreutils", "nano"];

export const nix: Maker = {
  name: "nix",
  title: "Nix packages, by Nixery's names too",
  examples: [
    { repository: "nix/shell/git/htop", tag: "latest" },
    { repository: "nix/hello", tag: "latest" },
  ],
  how: "make",
  read: readNixery,
};

/**
 * Nixery's grammar: attributes between slashes, of which the first may be `shell`, which stands for
 * four packages. Its `arm64` in front of all says nothing here: an image is for several platforms.
 */
function readNixery({ repository, tag }: RegistryPath): MakerReference {
  const plain = repository.replace(/^nix\/arm64(?=\/|$)/, "nix");
  const { scheme, rest } = referenceOfPath({ repository: plain, tag });
  return { scheme, rest: rest.replace(/^shell(?=[/:]|$)/, SHELL.join("/")) };
}
