import { fromBytes, writeFileAtomic } from "@cooper/archive";
import { buildSource, reproduce } from "@cooper/build";
import type { BuildSourceOptions, BuiltImage, Plan, Source } from "@cooper/build";
import { drawGraph, dumpGraph, privilege, againInUserNamespace } from "@cooper/engine";
import type { GivenLayer } from "@cooper/engine";
import type { SbomFormat } from "@cooper/distro";
import type { Platform } from "@cooper/oci";
import { cooperHome, hostPlatform } from "@cooper/transport";
import { agentsOf, secretFlags, secretsOf } from "../build-secrets.ts";
import type { SecretFlags } from "../build-secrets.ts";
import { buildCacheFlags, openBuildCaches, writeBuildCaches } from "../build-cache.ts";
import type { BuildCacheFlags } from "../build-cache.ts";
import { defineCommand } from "../command.ts";
import { isDescription } from "../description.ts";
import { debugShell } from "../debug-shell.ts";
import { showBuild } from "../display/build.ts";
import { describeReproduction } from "../display/reproduction.ts";
import type { Terminal } from "../display/terminal.ts";
import { epochOfEnvironment } from "../epoch.ts";
import { CliError } from "../errors.ts";
import { flag, globalFlags, progressFlag, text } from "../flags.ts";
import type { GlobalFlags, ProgressFlag } from "../flags.ts";
import { packageFlags, packageMaking } from "../packages.ts";
import type { PackageFlags } from "../packages.ts";
import {
  destinationsOf,
  outputAliases,
  outputFlags,
  placeOptions,
  platformFlag,
  writeOutput,
} from "../places.ts";
import type { OutputFlags } from "../places.ts";
import { sourceFlags } from "../source.ts";
import type { SourceFlags } from "../source.ts";
import { planToBuild } from "../source-locks.ts";

type Flags = GlobalFlags &
  ProgressFlag &
  OutputFlags &
  PackageFlags &
  SourceFlags &
  SecretFlags &
  BuildCacheFlags & {
    readonly platform?: Platform | undefined;
    readonly sbom?: SbomFormat | undefined;
    readonly noCache?: boolean | undefined;
    readonly checkReproducible?: boolean | undefined;
    readonly debugOnFailure?: boolean | undefined;
    readonly lockfile?: string | undefined;
    readonly writePlan?: string | undefined;
    readonly printGraph?: "json" | "text" | undefined;
  };

export const build = defineCommand<Flags, [string | undefined]>({
  description: `Makes an image of an application's source, with no Dockerfile and no daemon: a provider finds out what it is
(cooper detect), says how it is built (cooper plan), and the steps run in namespaces of their own. The image has what
running needs and no more, and runs as nobody. What did not change is not built again; the same source gives the same
digest. Values of --env are there for the steps that ask for them and never in the image. A path that ends in .yaml is
a file in apko's form, which describes an image of apk packages (docs/apk.md): that is made, and nothing is run.`,
  examples: [
    { run: "build . -t shop", shows: "Into Cooper's store; then: cooper run shop" },
    { run: "build . -o docker://localhost:5000/shop:1", shows: "To a registry" },
    { run: "build . -t shop --start 'node worker.js'", shows: "With another command" },
    { run: "build . -t shop --packages-from apk:3.22", shows: "On Alpine's packages, not Debian's" },
    {
      run: "build . -t shop --cache-from oci:cache --cache-to oci:cache",
      shows: "With what steps gave on another machine",
    },
    { run: "build . --check-reproducible", shows: "Built twice: the digest, or what differs" },
    { run: "build --plan plan.json . -t shop", shows: "A plan that was printed before" },
    {
      run: "build . -t shop --write-plan plan.json",
      shows: "And what it stood on, by digest: for the same image another day, elsewhere",
    },
    { run: "build . -o oci:out:1 --sbom spdx", shows: "With its SBOM: cooper referrers oci:out:1 lists it" },
    {
      run: "build image.yaml -o oci:out --lockfile image.lock",
      shows: "The packages that a file names, as locked",
    },
  ],
  usage: "[FLAGS] [PATH]",
  parameters: {
    flags: {
      ...globalFlags,
      ...progressFlag,
      ...outputFlags,
      ...packageFlags,
      ...sourceFlags,
      ...secretFlags,
      ...buildCacheFlags,
      platform: { ...platformFlag.platform, brief: "What it is for; default: this machine" },
      sbom: {
        kind: "enum",
        values: ["spdx", "cyclonedx"],
        optional: true,
        brief: "Put a list of what is in the image beside it, which refers to it",
      },
      noCache: flag("Run every step again"),
      checkReproducible: flag(
        "Build twice, every step anew, and show what differs; status 1 if anything does",
      ),
      debugOnFailure: flag("Open a shell in the root of a step that fails, with its mounts and environment"),
      writePlan: text(
        "Resolve every reference, and write the plan that was run, with what they came to",
        "FILE",
      ),
      lockfile: text("Of image.yaml, exactly the packages in this lock (cooper lock image.yaml)", "FILE"),
      printGraph: {
        kind: "enum",
        values: ["text", "json"],
        optional: true,
        brief: "Print the graph of steps, as a drawing or as JSON, and build nothing",
      },
    },
    aliases: { ...outputAliases, e: "env" },
    positional: {
      kind: "tuple",
      parameters: [
        {
          placeholder: "path",
          brief: "The source, or a file in apko's form; default: .",
          parse: String,
          optional: true,
        },
      ],
    },
  },
  async run(terminal, flags, path = ".") {
    terminal.showProgress(flags.progress ?? "auto");
    if (isDescription(path)) {
      if (flags.sbom !== undefined) throw (await import("../attach.ts")).noSbomOf(path);
      if (flags.writePlan !== undefined) throw noPlanOf(path);
      const { buildDescription } = await import("../apko.ts");
      return await buildDescription(terminal, flags, path);
    }
    if (privilege() === "user") terminal.leaveSignals(); // the same command inside gets them
    const again = await againInUserNamespace(process.argv.slice(1));
    if (again !== undefined) {
      terminal.status = again;
      return;
    }
    const sboms = flags.sbom === undefined ? undefined : await import("../attach.ts");
    sboms?.requireAttachable(destinationsOf(flags));
    const { resolver } = placeOptions(terminal, flags);
    // Now, and not when everything is built.
    for (const destination of destinationsOf(flags)) resolver.requireWritable(destination);
    const { source, plan, settings } = await planToBuild(terminal, path, flags);
    const { signal } = terminal;
    const caches = await openBuildCaches(terminal, flags);
    const given: GivenLayer[] = [];
    const options: BuildSourceOptions = {
      home: cooperHome(),
      platform: flags.platform ?? hostPlatform(),
      packages: packageMaking(terminal, { ...flags, locked: undefined }),
      settings,
      secrets: secretsOf(flags),
      agents: agentsOf(flags),
      roots: isOfItsOwn(flags) ? "apart" : "remembered",
      cache: flags.noCache === true ? "ignore" : "use",
      epoch: process.env["SOURCE_DATE_EPOCH"] === undefined ? undefined : epochOfEnvironment(process.env),
      imported: caches.imported,
      onLayer: (layer) => given.push(layer),
      onEvent: showBuild(terminal),
      onFailedStep: flags.debugOnFailure === true ? debugShell(terminal) : undefined,
      goal: flags.printGraph === undefined ? "image" : "graph",
      onGraph: (last) => {
        if (flags.printGraph === "json") terminal.answerJson(dumpGraph(last));
        if (flags.printGraph === "text") terminal.answer(drawGraph(last));
      },
      signal,
    };
    let built: BuiltImage | undefined;
    try {
      built =
        flags.checkReproducible === true
          ? await builtTwice(terminal, plan, source, options)
          : await buildSource(plan, source, options);
      if (built === undefined) return;
      if (flags.writePlan !== undefined)
        await writeFileAtomic(flags.writePlan, fromBytes(`${JSON.stringify(plan, undefined, 2)}\n`), {
          signal,
        });
      await writeBuildCaches(terminal, flags, given);
      if (destinationsOf(flags).length > 0) {
        await writeOutput(terminal, flags, built.image);
        if (flags.sbom !== undefined)
          await sboms?.attachSboms(terminal, flags, flags.sbom, built.image, { source, plan });
        return;
      }
      terminal.answer(await built.image.digest({ signal }));
      terminal.note("Nothing was written: -o DEST or -t NAME says where to.");
    } finally {
      await built?.close();
      await caches.close();
    }
  },
});

function noPlanOf(path: string): CliError {
  return new CliError(
    "ARGUMENT_INVALID",
    `${path} describes packages: there is no plan to write`,
    `Lock it: cooper lock ${path} -o FILE`,
  );
}

/** The image where both builds gave the same one; else what differs is told. */
async function builtTwice(
  terminal: Terminal,
  plan: Plan,
  source: Source,
  options: BuildSourceOptions,
): Promise<BuiltImage | undefined> {
  const reproduction = await reproduce(plan, source, options);
  const [first, second] = reproduction.digests;
  if (first === second) return reproduction.built;
  await reproduction.built.close();
  terminal.answer(describeReproduction(reproduction));
  terminal.status = 1;
  return undefined;
}

/** Whether where packages come from, or who is trusted, is said for this build alone. */
function isOfItsOwn({ repository, keyring, allowUntrusted, layers, layerBudget }: Flags): boolean {
  return [repository, keyring, allowUntrusted, layers, layerBudget].some((given) => given !== undefined);
}
