import type { ContextOptions, LayersOptions, Lock } from "@cooper/distro";
import { ECOSYSTEM_NAMES } from "@cooper/distro";
import type { MakerReference, Platform } from "@cooper/oci";
import type { Scheme } from "@cooper/transport";

/** How images of packages are made. */
export interface PackageMaking extends Omit<ContextOptions, "signal"> {
  readonly layers?: LayersOptions | undefined;
  /** Nothing is solved: what these say is made. `LOCK_INVALID` where none of them is for a reference. */
  readonly locks?: readonly Lock[] | undefined;
  /** What is made where nobody asks for a platform; default: this machine's. */
  readonly platforms?: readonly Platform[] | undefined;
}

/** `apt:curl/jq`, `apk:…`, `nix:…`, `npm:…`: an image of packages, for one platform or an index of several. */
export function packageSchemes(making: PackageMaking): readonly Scheme<MakerReference>[] {
  return ECOSYSTEM_NAMES.map((name) => ({
    name,
    open: async ({ rest }, context) => {
      // Only who asks for packages loads what fetches and solves them.
      const { openPackages } = await import("./open-packages.ts");
      return await openPackages(name, rest, making, context);
    },
  }));
}
