import type { Handler } from "../call.ts";
import type { AlternativeGroup, System } from "./system.ts";
import { writeLink } from "./system.ts";

/** update-alternatives(1): names that several packages can stand for; each call keeps the links right. */
export function alternativesCommand(system: System): Handler {
  const { tree, alternatives } = system;

  return ({ args, write }) => {
    const pending = [...args];
    const next = (): string => pending.shift() ?? "";
    while (pending.length > 0) {
      const option = next();
      switch (option) {
        case "--install":
          return install(next(), next(), next(), Number(next()), pending);
        case "--remove":
          return remove(next(), next());
        case "--remove-all":
          alternatives.delete(next());
          return 0;
        case "--auto":
          // It always is.
          return alternatives.has(next()) ? 0 : 2;
        case "--set":
        case "--display":
          return alternatives.has(next()) ? undefined : 2;
        case "--list": {
          const group = alternatives.get(next());
          for (const path of group?.choices.keys() ?? []) write(`${path}\n`);
          return group === undefined ? 2 : 0;
        }
        case "--query": {
          const group = alternatives.get(next());
          if (group === undefined) return 2;
          write(
            `Name: ${group.name}\nLink: ${group.link}\nStatus: auto\nBest: ${bestOf(group)}\nValue: ${bestOf(group)}\n`,
          );
          return 0;
        }
        default:
          // --quiet, --force, --verbose …
          if (!option.startsWith("--")) return 2;
      }
    }
    return 2;
  };

  function install(
    link: string,
    name: string,
    path: string,
    priority: number,
    rest: readonly string[],
  ): number {
    if (!link.startsWith("/") || !path.startsWith("/") || !Number.isSafeInteger(priority)) return 2;
    if (name === "" || name.includes("/")) return 2;
    // What is not there cannot be chosen; update-alternatives fails then.
    if (tree.get(path) === undefined) return 2;
    const group = alternatives.get(name) ?? { name, link, slaves: new Map(), choices: new Map() };
    const slaves = new Map<string, string>();
    for (let at = 0; at + 3 < rest.length; at++) {
      if (rest[at] !== "--slave") continue;
      const [slaveLink = "", slave = "", target = ""] = rest.slice(at + 1, at + 4);
      if (slave.includes("/")) return 2;
      group.slaves.set(slave, slaveLink);
      slaves.set(slave, target);
      at += 3;
    }
    group.choices.set(path, { priority, slaves });
    alternatives.set(name, group);
    update(group);
    return 0;
  }

  function remove(name: string, path: string): number {
    const group = alternatives.get(name);
    group?.choices.delete(path);
    if (group !== undefined && group.choices.size === 0) alternatives.delete(name);
    else if (group !== undefined) update(group);
    return 0;
  }

  function update(group: AlternativeGroup): void {
    const best = bestOf(group);
    const choice = group.choices.get(best);
    point(group.link, group.name, best);
    for (const [slave, slaveLink] of group.slaves) {
      const target = choice?.slaves.get(slave);
      if (target !== undefined && tree.get(target) !== undefined) {
        point(slaveLink, slave, target);
      } else {
        tree.remove(`etc/alternatives/${slave}`);
        if (tree.get(slaveLink, "keep")?.type === "symlink") tree.remove(slaveLink);
      }
    }
  }

  /** A file that a package brought is left alone, as update-alternatives does without --force. */
  function point(link: string, name: string, target: string): void {
    writeLink(system, `etc/alternatives/${name}`, target);
    const before = tree.get(link, "keep");
    if (before === undefined || before.type === "symlink")
      writeLink(system, link, `/etc/alternatives/${name}`);
  }
}

/** The choice with the highest priority; of several, the one that was made first. */
function bestOf({ choices }: AlternativeGroup): string {
  let best = "";
  let most = -Infinity;
  for (const [path, { priority }] of choices) {
    if (priority > most) {
      most = priority;
      best = path;
    }
  }
  return best;
}

/** The record that update-alternatives keeps of a name under /var/lib/dpkg/alternatives. */
export function formatAlternative({ link, slaves, choices }: AlternativeGroup): string {
  const names = [...slaves.keys()].toSorted();
  const lines = ["auto", link, ...names.flatMap((name) => [name, slaves.get(name) ?? ""]), ""];
  for (const [path, choice] of [...choices].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    lines.push(path, String(choice.priority), ...names.map((name) => choice.slaves.get(name) ?? ""));
  }
  return `${lines.join("\n")}\n\n`;
}
