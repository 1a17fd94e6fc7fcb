import { fromBytes, writeFileAtomic } from "@cooper/archive";
import {
  ECOSYSTEM_NAMES,
  ecosystemOf,
  formatSbom,
  openContext,
  type Sbom,
  type SbomFormat,
  sbomOfImage,
  sbomOfSolution,
  solutionsOf,
} from "@cooper/distro";
import { formatReference } from "@cooper/oci";
import { hostPlatform, selectImage } from "@cooper/transport";
import { attachSbom } from "../attach.ts";
import { defineCommand } from "../command.ts";
import type { Terminal } from "../display/terminal.ts";
import { CliError } from "../errors.ts";
import { flag, globalFlags, registryFlags, text } from "../flags.ts";
import type { GlobalFlags, RegistryFlags } from "../flags.ts";
import { parsePackageReference, readLock, repositoryFlags, repositoryOptions } from "../packages.ts";
import type { RepositoryFlags } from "../packages.ts";
import { placeOptions, platformFlag, referenceArgument, withOpened } from "../places.ts";
import type { PlatformFlag } from "../places.ts";

type Flags = GlobalFlags &
  RegistryFlags &
  RepositoryFlags &
  PlatformFlag & {
    readonly format?: SbomFormat | undefined;
    readonly attach?: boolean | undefined;
    readonly locked?: string | undefined;
    readonly output?: string | undefined;
  };

export const sbom = defineCommand<Flags, [string]>({
  description: `Says what software is in an image, as SPDX 2.3 or CycloneDX 1.6: from the databases of dpkg, apk and Nix and
from those of languages (npm, pip, gems, Composer; Cargo.lock, go.mod) that are in it. Of apt:, apk:, nix: and npm: references it says what would be in the image, and makes
none. The same image gives the same bytes. With --attach it is written to where the image is, refers to it, and its
digest is printed.`,
  examples: [
    { run: "sbom oci:out", shows: "SPDX, to standard output" },
    { run: "sbom --format cyclonedx alpine:3 -o alpine.cdx.json", shows: "CycloneDX, to a file" },
    { run: "sbom apt:curl/jq --locked curl.lock", shows: "What a lock comes to" },
    { run: "sbom --attach ghcr.io/me/app:v1", shows: "Put it beside the image: cooper referrers lists it" },
  ],
  parameters: {
    flags: {
      ...globalFlags,
      ...registryFlags,
      ...repositoryFlags,
      ...platformFlag,
      format: {
        kind: "enum",
        values: ["spdx", "cyclonedx"],
        optional: true,
        brief: "Default: spdx",
      },
      attach: flag("Write it to where the image is, as a manifest that refers to the image"),
      locked: text("Of packages, those in this lock file (cooper lock writes it)", "FILE"),
      output: text("Write it to this file", "FILE"),
    },
    aliases: { o: "output", r: "repository", k: "keyring" },
    positional: { kind: "tuple", parameters: [referenceArgument("What to look into")] },
  },
  async run(terminal, flags, ref) {
    const { format = "spdx", attach = false, output } = flags;
    if (ECOSYSTEM_NAMES.some((name) => ref.startsWith(`${name}:`)) && !attach) {
      const made = await ofPackages(terminal, flags, ref);
      return await answer(terminal, await formatSbom(made, format), output);
    }
    const options = { ...placeOptions(terminal, flags), platform: flags.platform };
    await withOpened(ref, options, async ({ content, reference }) => {
      const image = await selectImage(content, { signal: terminal.signal });
      const made = await sbomOfImage(image, formatReference(reference), { signal: terminal.signal });
      const document = await formatSbom(made, format);
      if (!attach || output !== undefined) await answer(terminal, document, output);
      if (attach) terminal.answer(await attachSbom(terminal, flags, reference, image, document, format));
    });
  },
});

async function answer(terminal: Terminal, document: string, output: string | undefined): Promise<void> {
  if (output === undefined) return terminal.answer(document.trimEnd());
  await writeFileAtomic(output, fromBytes(document), { signal: terminal.signal });
}

/** What a reference of packages comes to on one platform. */
async function ofPackages(terminal: Terminal, flags: Flags, ref: string): Promise<Sbom> {
  const { platform, locked } = flags;
  if (locked !== undefined) {
    const [first] = solutionsOf([readLock(locked)], ref, platform === undefined ? [] : [platform]);
    if (first === undefined)
      throw new CliError("ARGUMENT_INVALID", `${locked} locks nothing`, "Lock it anew.");
    return sbomOfSolution(first, ref);
  }
  const { ecosystem: name, rest } = parsePackageReference(ref);
  const context = await openContext({ ...repositoryOptions(terminal, flags), signal: terminal.signal });
  try {
    const ecosystem = await ecosystemOf(name);
    const solution = await ecosystem.solve(ecosystem.parse(rest), platform ?? hostPlatform(), context);
    return sbomOfSolution(solution, ref);
  } finally {
    await context.close();
  }
}
