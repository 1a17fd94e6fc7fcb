import { fromBytes, writeFileAtomic } from "@cooper/archive";
import { makeNixCatalogue } from "@cooper/distro";
import { hostPlatform } from "@cooper/transport";
import { defineCommand } from "../command.ts";
import { CliError } from "../errors.ts";
import { globalFlags, text } from "../flags.ts";
import type { GlobalFlags } from "../flags.ts";
import { platformsFlag } from "../places.ts";
import type { PlatformsFlag } from "../places.ts";

type Flags = GlobalFlags &
  PlatformsFlag & {
    readonly nixpkgs?: string | undefined;
    readonly channel?: string | undefined;
    readonly output?: string | undefined;
  };

export const nixCatalogue = defineCommand<Flags, string[]>({
  usage: "[FLAGS] ATTRIBUTE...",
  description: `Writes a catalogue for nix: references: which store paths attributes of a nixpkgs are. The host's Nix evaluates
it and builds nothing. With COOPER_NIX_CATALOGUE set to the catalogue's path or address, images are made where there
is no Nix and no nixpkgs. cacert and iana-etc, which every image gets, are put into it by themselves.`,
  examples: [
    {
      run: "nix catalogue --nixpkgs /src/nixpkgs --channel nixos-24.05 shell git curl -o nixos-24.05.json",
      shows: "For nix:shell/git/curl:nixos-24.05",
    },
    {
      run: "nix catalogue --nixpkgs /src/nixpkgs --platform linux/amd64,linux/arm64 curl",
      shows: "For two platforms, to standard output",
    },
  ],
  parameters: {
    flags: {
      ...globalFlags,
      platform: { ...platformsFlag.platform, brief: "For these platforms; default: this machine's" },
      nixpkgs: text("The path of a nixpkgs; default: COOPER_NIX_NIXPKGS", "PATH"),
      channel: text("What references are to call it", "NAME"),
      output: text("Write it to this file", "FILE"),
    },
    aliases: { o: "output" },
    positional: {
      kind: "array",
      parameter: {
        placeholder: "attribute",
        brief: "As in references: curl, xorg.xev, shell",
        parse: String,
      },
      minimum: 1,
    },
  },
  async run(terminal, flags, ...attributes) {
    const nixpkgs = flags.nixpkgs ?? process.env["COOPER_NIX_NIXPKGS"];
    if (nixpkgs === undefined || nixpkgs === "") {
      throw new CliError("ARGUMENT_INVALID", "no nixpkgs is named", "Give --nixpkgs PATH.");
    }
    const { signal } = terminal;
    const { channel, output, platform: platforms = [hostPlatform()] } = flags;
    const made = await makeNixCatalogue({ nixpkgs, attributes, platforms, channel, signal });
    if (output === undefined) return terminal.answer(made.text.trimEnd());
    await writeFileAtomic(output, fromBytes(made.text), { signal });
    terminal.note(`${output}: ${made.attributes} attributes`);
  },
});
