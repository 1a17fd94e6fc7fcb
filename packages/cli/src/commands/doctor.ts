import { hostFacts, installPackages } from "@cooper/engine";
import type { HostFact } from "@cooper/engine";
import { defineCommand } from "../command.ts";
import { table } from "../display/table.ts";
import type { Terminal } from "../display/terminal.ts";
import { flag, globalFlags, jsonFlag } from "../flags.ts";
import type { GlobalFlags, JsonFlag } from "../flags.ts";
import type { DoctorAnswer } from "../schemas/doctor.ts";

type Flags = GlobalFlags & JsonFlag & { readonly install?: boolean | undefined };

export const doctor = defineCommand<Flags, []>({
  description: `Tries what Cooper needs of a host, and what helps, and says what is there, what it is good for,
and which Debian package brings what is missing. With --install, root has apt-get install that.
The exit status is 3 if something is missing that Cooper needs.`,
  examples: [
    { run: "doctor", shows: "What works here, and what to install for the rest" },
    { run: "doctor --install", shows: "Install what is missing (as root, on Debian)" },
  ],
  parameters: {
    flags: {
      ...globalFlags,
      ...jsonFlag,
      install: flag("Install what is missing with apt-get (as root)"),
    },
  },
  async run(terminal, flags) {
    let facts = await hostFacts({ signal: terminal.signal });
    if (flags.install === true) {
      await installPackages(packagesToInstall(facts), {
        signal: terminal.signal,
        onLine: (line) => terminal.note(line),
      });
      facts = await hostFacts({ signal: terminal.signal });
    }
    if (flags.json === true) terminal.answerJson({ facts: [...facts] } satisfies DoctorAnswer);
    else print(terminal, facts);
    if (facts.some(({ state, needed }) => state === "missing" && needed)) terminal.status = 3;
  },
});

function packagesToInstall(facts: readonly HostFact[]): readonly string[] {
  const lacking = facts.filter(({ state }) => state !== "works");
  return [...new Set(lacking.flatMap(({ packages }) => packages))];
}

function print(terminal: Terminal, facts: readonly HostFact[]): void {
  const rows = facts.map((fact) => [stateWord(fact), fact.name, fact.found, fact.purpose]);
  terminal.answer(table(rows));
  for (const { name, state, advice } of facts) {
    if (state !== "works" && advice !== undefined) terminal.answer(`\n${name}: ${advice}`);
  }
  const packages = packagesToInstall(facts);
  if (packages.length > 0) terminal.answer(`\nTo install the rest: apt-get install ${packages.join(" ")}`);
}

function stateWord({ state, needed }: HostFact): string {
  if (state === "works") return "ok";
  if (state === "limited") return "part";
  return needed ? "MISSING" : "none";
}
