import { createInterface } from "node:readline";
import {
  type EcosystemName,
  ecosystemOf,
  openContext,
  type OpenContext,
  type PackageRequest,
  type Solution,
} from "@cooper/distro";
import type { Platform } from "@cooper/oci";
import { isFault } from "@cooper/sys";
import { hostPlatform } from "@cooper/transport";
import { defineCommand } from "../command.ts";
import { table } from "../display/table.ts";
import type { Terminal } from "../display/terminal.ts";
import { formatBytes } from "../display/units.ts";
import { CliError } from "../errors.ts";
import { flag, globalFlags, jsonFlag, text } from "../flags.ts";
import type { GlobalFlags, JsonFlag } from "../flags.ts";
import {
  parsePackageReference,
  platformOfArchitecture,
  repositoryFlags,
  repositoryOptions,
} from "../packages.ts";
import type { RepositoryFlags } from "../packages.ts";
import { platformFlag } from "../places.ts";
import type { PlatformFlag } from "../places.ts";

type Flags = GlobalFlags &
  JsonFlag &
  RepositoryFlags &
  PlatformFlag & {
    readonly arch?: string | undefined;
    readonly batch?: boolean | undefined;
    readonly explain?: boolean | undefined;
  };

export const resolve = defineCommand<Flags, [string]>({
  description: `Prints the packages that a reference comes to, in the order of installation, each with the reason why it is
there. Only indexes are read, no package is fetched. With --batch, every line of standard input is a request:
the words of a reference after its scheme (curl/jq:bookworm), or package names with spaces between them, or JSON
{"want": ["curl", "jq"]}; for each, one line of JSON is printed, with "error" where there is no solution.`,
  examples: [
    { run: "resolve apt:curl/jq", shows: "From the host's own Debian mirror" },
    { run: "resolve apk:nginx/git --json", shows: "As JSON" },
    {
      run: "resolve apk:nginx --repository ./APKINDEX.tar.gz --keyring ./keys --arch x86_64",
      shows: "From an index in a file, offline",
    },
    {
      run: "resolve apk: --batch --repository ./APKINDEX.tar.gz --keyring ./keys",
      shows: "Many requests, one a line",
    },
    { run: "resolve apt:curl/wget=0 --explain", shows: "Why there is no solution, the shortest cause first" },
  ],
  parameters: {
    flags: {
      ...globalFlags,
      ...jsonFlag,
      ...repositoryFlags,
      platform: { ...platformFlag.platform, brief: "For this platform; default: this machine's" },
      arch: text("The same, by the distribution's word: x86_64, arm64, armhf", "ARCH"),
      batch: flag("Read requests from standard input, one a line"),
      explain: flag("Where there is no solution, print every cause as part of the answer"),
    },
    aliases: { r: "repository", k: "keyring" },
    positional: {
      kind: "tuple",
      parameters: [{ placeholder: "packages", brief: "apt:…, apk:…, nix:… or npm:…", parse: String }],
    },
  },
  async run(terminal, flags, reference) {
    const { ecosystem, rest } = parsePackageReference(reference);
    const context = await openContext({ ...repositoryOptions(terminal, flags), signal: terminal.signal });
    try {
      const solver = { ecosystem, platform: platformOf(flags, ecosystem), context };
      if (flags.batch === true) await answerLines(terminal, solver);
      else if (rest === "") throw nothingAsked(reference);
      else await answerOne(terminal, flags, rest, solver);
    } finally {
      await context.close();
    }
  },
});

interface Solver {
  readonly ecosystem: EcosystemName;
  readonly platform: Platform;
  readonly context: OpenContext;
}

function platformOf({ arch, platform }: Flags, ecosystem: EcosystemName): Platform {
  if (arch === undefined) return platform ?? hostPlatform();
  if (platform !== undefined) {
    throw new CliError("ARGUMENT_INVALID", "--arch and --platform say the same", "Give one of them.");
  }
  return platformOfArchitecture(arch, ecosystem);
}

async function answerOne(terminal: Terminal, flags: Flags, rest: string, solver: Solver): Promise<void> {
  const ecosystem = await ecosystemOf(solver.ecosystem);
  let solution: Solution;
  try {
    solution = await ecosystem.solve(ecosystem.parse(rest), solver.platform, solver.context);
  } catch (error) {
    if (flags.explain !== true || !isFault(error, "UNSOLVABLE")) throw error;
    terminal.status = 1;
    const causes = causesOf(error);
    if (flags.json === true)
      terminal.answerJson({ error: { code: error.code, message: error.message, causes } });
    else terminal.answer(causes.join("\n"));
    return;
  }
  if (flags.json === true) return terminal.answerJson(solution);
  const rows = [...(solution.base?.packages ?? []), ...solution.packages].map((one) => [
    one.name,
    one.version,
    one.origin,
    formatBytes(one.installedSize),
    one.reason,
  ]);
  terminal.answer(table([["PACKAGE", "VERSION", "SOURCE", "SIZE", "WHY"], ...rows], { right: [3] }));
}

/** One line of JSON for each line of standard input, as soon as it is known. */
async function answerLines(terminal: Terminal, solver: Solver): Promise<void> {
  const ecosystem = await ecosystemOf(solver.ecosystem);
  const lines = createInterface({ input: process.stdin, crlfDelay: Infinity });
  try {
    for await (const line of lines) {
      terminal.signal.throwIfAborted();
      if (line.trim() === "") continue;
      terminal.answer(JSON.stringify(await answerLine(line, ecosystem, solver)));
    }
  } finally {
    lines.close();
  }
}

async function answerLine(
  line: string,
  ecosystem: Awaited<ReturnType<typeof ecosystemOf>>,
  { platform, context }: Solver,
): Promise<object> {
  let request: PackageRequest | undefined;
  try {
    request = requestOf(line, ecosystem.name, (rest) => ecosystem.parse(rest));
    const { packages } = await ecosystem.solve(request, platform, context);
    return { request, packages, error: null };
  } catch (error) {
    if (!isFault(error)) throw error;
    const { code, message } = error;
    return { request: request ?? line, packages: null, error: { code, message, causes: causesOf(error) } };
  }
}

function requestOf(
  line: string,
  name: EcosystemName,
  parse: (rest: string) => PackageRequest,
): PackageRequest {
  if (line.startsWith("{") || line.startsWith("[")) return { packages: wantsOf(line) };
  const words = line.trim().split(/\s+/);
  const [only = ""] = words;
  if (words.length > 1) return { packages: words };
  return parse(only.startsWith(`${name}:`) ? only.slice(name.length + 1) : only);
}

function wantsOf(line: string): readonly string[] {
  const wants: unknown = parsedJson(line);
  const list: unknown =
    Array.isArray(wants) || typeof wants !== "object" || wants === null || !("want" in wants)
      ? wants
      : wants.want;
  if (Array.isArray(list) && list.every((want) => typeof want === "string") && list.length > 0) return list;
  throw new CliError("ARGUMENT_INVALID", `${line.slice(0, 80)} is no request`, 'Write {"want": ["curl"]}.');
}

function parsedJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}

/** The causes that a solver found, the shortest first; of another fault its own sentence. */
function causesOf(error: {
  readonly message: string;
  readonly fields: Readonly<Record<string, unknown>>;
}): readonly string[] {
  const { causes } = error.fields;
  return typeof causes === "string" && causes !== "" ? causes.split("\n") : [error.message];
}

function nothingAsked(reference: string): CliError {
  return new CliError("ARGUMENT_INVALID", `${reference} names no packages`, "Name some: apt:curl/jq.");
}
