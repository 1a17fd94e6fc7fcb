import { readFileSync } from "node:fs";
import { fileFault } from "@cooper/archive";
import { CliError } from "./errors.ts";
import { texts } from "./flags.ts";
import { type SourceFlags, variablesOf } from "./source.ts";

/** For builds: what single steps may see, and nobody else. */
export type SecretFlags = {
  readonly secret?: readonly string[] | undefined;
  readonly ssh?: readonly string[] | undefined;
};

export const secretFlags = {
  secret: texts("A file's content for the steps that ask for NAME; never in the image", "NAME=FILE"),
  ssh: texts("An SSH agent for the steps that ask for it: default, or NAME=SOCKET", "AGENT"),
} as const;

/** Values of --env and --secret by name. `ARGUMENT_INVALID`, `FILE_…` */
export function secretsOf(flags: SourceFlags & SecretFlags): ReadonlyMap<string, Buffer> {
  const variables = [...variablesOf(flags)].map(([name, value]) => [name, Buffer.from(value)] as const);
  const files = (flags.secret ?? []).map((entry) => {
    const [name, path] = pairOf(entry) ?? [entry, undefined];
    if (path === undefined) {
      throw new CliError("ARGUMENT_INVALID", `--secret ${entry} names no file`, "Write NAME=FILE.");
    }
    try {
      return [name, readFileSync(path)] as const;
    } catch (error) {
      throw fileFault("read", path, error);
    }
  });
  return new Map([...variables, ...files]);
}

/** Sockets of --ssh by name; without one, the environment's agent. `ARGUMENT_INVALID` */
export function agentsOf({ ssh = [] }: SecretFlags): ReadonlyMap<string, string> {
  return new Map(
    ssh.map((entry) => {
      const [name, socket] = pairOf(entry) ?? [entry, process.env["SSH_AUTH_SOCK"]];
      if (socket === undefined || socket === "") {
        throw new CliError(
          "ARGUMENT_INVALID",
          `--ssh ${entry}: there is no agent`,
          "Start one (eval $(ssh-agent); ssh-add), or write NAME=SOCKET.",
        );
      }
      return [name, socket];
    }),
  );
}

function pairOf(entry: string): readonly [name: string, value: string] | undefined {
  const sign = entry.indexOf("=");
  return sign <= 0 ? undefined : [entry.slice(0, sign), entry.slice(sign + 1)];
}
