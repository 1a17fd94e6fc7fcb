import { login as storeLogin } from "@cooper/transport";
import { defineCommand } from "../command.ts";
import { CliError } from "../errors.ts";
import { flag, globalFlags, registryFlags, text } from "../flags.ts";
import type { GlobalFlags, RegistryFlags } from "../flags.ts";
import { ask } from "../prompt.ts";
import { registryOptions } from "../places.ts";

type Flags = GlobalFlags &
  RegistryFlags & {
    readonly username?: string | undefined;
    readonly passwordStdin?: boolean | undefined;
  };

export const login = defineCommand<Flags, [string]>({
  description: `Checks a user name and password with a registry and keeps them where Docker and podman find them
too: with the credential helper that Docker's config names, or else in the config itself. What is not
given is asked for on the terminal. The user name <token> makes the password an identity token.`,
  examples: [
    { run: "login ghcr.io -u me", shows: "Asks for the password" },
    {
      run: "login registry.example.com -u ci --password-stdin < secret.txt",
      shows: "In a script: the password is on no command line",
    },
  ],
  parameters: {
    flags: {
      ...globalFlags,
      ...registryFlags,
      username: text("The user's name", "NAME"),
      passwordStdin: flag("Read the password from standard input"),
    },
    aliases: { u: "username" },
    positional: {
      kind: "tuple",
      parameters: [
        { placeholder: "registry", brief: "Host of the registry: docker.io, localhost:5000", parse: String },
      ],
    },
  },
  async run(terminal, flags, host) {
    const username = flags.username ?? (await ask("User name: ", "shown", terminal.signal));
    const password =
      flags.passwordStdin === true
        ? await readPassword()
        : await ask("Password: ", "hidden", terminal.signal);
    const options = { ...registryOptions(terminal, flags), signal: terminal.signal };
    const stored = await storeLogin({ host, username, password }, options);
    terminal.note(
      stored.kind === "file"
        ? `Logged in to ${host}; the password is in ${stored.place}, readable by its owner`
        : `Logged in to ${host}; ${stored.place} keeps the password`,
    );
  },
});

async function readPassword(): Promise<string> {
  let input = "";
  for await (const chunk of process.stdin.setEncoding("utf8")) input += String(chunk);
  const password = input.replace(/\r?\n$/, "");
  if (password !== "") return password;
  throw new CliError(
    "INPUT_MISSING",
    "standard input holds no password",
    "Write it there: cooper login HOST -u NAME --password-stdin < FILE",
  );
}
