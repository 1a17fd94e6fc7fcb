import { formatReference, registryPathOf, summarize } from "@cooper/oci";
import type { Content, Descriptor, Reference } from "@cooper/oci";
import { isFault } from "@cooper/sys";
import { selectImage } from "@cooper/transport";
import type { Opened } from "@cooper/transport";
import { defineCommand } from "../command.ts";
import { describeSummary } from "../display/summary.ts";
import type { Fact } from "../display/summary.ts";
import type { Terminal } from "../display/terminal.ts";
import { CliError } from "../errors.ts";
import { flag, globalFlags, jsonFlag, registryFlags } from "../flags.ts";
import type { GlobalFlags, JsonFlag, RegistryFlags } from "../flags.ts";
import { packageFlags } from "../packages.ts";
import type { PackageFlags } from "../packages.ts";
import { imageOf, placeOptions, platformFlag, referenceArgument, withOpened } from "../places.ts";
import type { PlatformFlag } from "../places.ts";

type Flags = GlobalFlags &
  JsonFlag &
  RegistryFlags &
  PackageFlags &
  PlatformFlag & { readonly raw?: boolean | undefined; readonly config?: boolean | undefined };

export const inspect = defineCommand<Flags, [string]>({
  description: `Shows what an image is: platforms, layers with size, media type and the instruction that made them,
config, annotations, and what refers to it. Of an index, it shows the index and the image for this
machine; --platform picks another one. No layer is read.`,
  examples: [
    { run: "inspect alpine:3", shows: "For people" },
    { run: "inspect --platform linux/arm64 --json alpine:3", shows: "For programs" },
    { run: "inspect --raw oci:out:v1", shows: "The manifest or index, byte for byte" },
    { run: "inspect --config oci:out:v1", shows: "The image config, byte for byte" },
  ],
  parameters: {
    flags: {
      ...globalFlags,
      ...jsonFlag,
      ...registryFlags,
      ...packageFlags,
      ...platformFlag,
      raw: flag("Print the manifest's or index's own bytes"),
      config: flag("Print the config's own bytes; of an index, the config for this machine"),
    },
    positional: { kind: "tuple", parameters: [referenceArgument("What to look at")] },
  },
  async run(terminal, flags, ref) {
    if ([flags.raw, flags.config, flags.json].filter((given) => given === true).length > 1) {
      throw new CliError("ARGUMENT_INVALID", "--raw, --config and --json exclude each other", "Give one.");
    }
    const options = { ...placeOptions(terminal, flags, flags), platform: flags.platform };
    await withOpened(ref, options, async (opened) => {
      const { content } = opened;
      const { signal } = terminal;
      if (flags.raw === true) await terminal.answerRaw(await content.raw({ signal }));
      else if (flags.config === true) {
        await terminal.answerRaw(await (await selectImage(content, { signal })).rawConfig({ signal }));
      } else if (flags.json === true) terminal.answerJson(await answer(terminal, opened, content));
      else await print(terminal, opened);
    });
  },
});

async function answer(terminal: Terminal, opened: Opened, content: Content): Promise<object> {
  const summary = await summarize(content, { signal: terminal.signal });
  const referrers = await referrersOf(terminal, opened, content);
  const { kind, ...rest } = summary;
  const reference = formatReference(opened.reference);
  return { kind, reference, registryName: registryName(opened.reference), ...rest, referrers };
}

/** What a registry that makes images calls this one: `apt/curl/jq:bookworm`. Undefined where it can have no such name. */
function registryName(reference: Reference): string | undefined {
  if (!("rest" in reference)) return undefined;
  try {
    const { repository, tag } = registryPathOf(reference);
    return `${repository}:${tag}`;
  } catch (error) {
    if (isFault(error, "INVALID_REFERENCE")) return undefined;
    throw error;
  }
}

async function print(terminal: Terminal, opened: Opened): Promise<void> {
  const { content, reference } = opened;
  const { signal } = terminal;
  const say = async (part: Content, title: string): Promise<void> => {
    const referrers = await referrersOf(terminal, opened, part);
    const summary = await summarize(part, { signal });
    const further: readonly Fact[] = part === content ? [["At cooper serve", registryName(reference)]] : [];
    terminal.answer(describeSummary(terminal, title, summary, { referrers, further }));
  };
  await say(content, formatReference(reference));
  const image = content.kind === "index" ? await imageOf(content, { signal }) : undefined;
  if (image !== undefined) {
    terminal.answer("");
    await say(image, "The image for this machine");
  }
}

async function referrersOf(
  { signal }: Terminal,
  { repository }: Opened,
  content: Content,
): Promise<readonly Descriptor[]> {
  return (await repository?.referrers(await content.digest({ signal }), { signal })) ?? [];
}
