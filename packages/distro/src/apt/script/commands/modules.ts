import { textOf } from "../../../rootfs/node.ts";
import type { Call, Handler } from "../call.ts";
import { parseOptions, type System, writeLink } from "./system.ts";

/** Commands that switch on what a server loads: Apache's modules, configurations and sites, and PHP's modules. */
export function moduleCommands(system: System): Readonly<Record<string, Handler>> {
  const { tree } = system;
  const namesIn = (path: string): readonly string[] =>
    [...(tree.directory(path)?.entries.keys() ?? [])].toSorted();

  /** Links `KIND-available/NAME.SUFFIX` into `KIND-enabled`, with what it says it depends on. */
  function enable(kind: string, suffixes: readonly string[], names: readonly string[]): number {
    let failures = 0;
    for (const given of names) {
      const name = given.replace(/\.(conf|load)$/, "");
      const [main = ""] = suffixes;
      const file = tree.file(`etc/apache2/${kind}-available/${name}.${main}`);
      if (file === undefined) failures++;
      const enabled = `etc/apache2/${kind}-enabled/${name}`;
      if (file === undefined || tree.get(`${enabled}.${main}`, "keep") !== undefined) continue;
      for (const suffix of suffixes) {
        const available = `${kind}-available/${name}.${suffix}`;
        if (tree.file(`etc/apache2/${available}`) !== undefined) {
          writeLink(system, `${enabled}.${suffix}`, `../${available}`);
        }
      }
      const needs = /^# *Depends: *(.*)$/m.exec(textOf(file) ?? "")?.[1] ?? "";
      failures += enable(
        kind,
        suffixes,
        needs.split(/[ ,]+/).filter((need) => need !== ""),
      );
    }
    return Number(failures > 0);
  }

  const enabler =
    (kind: string, suffixes: readonly string[]): Handler =>
    ({ args }) =>
      enable(kind, suffixes, parseOptions(args).operands);

  const versions = (wanted: string | undefined): readonly string[] =>
    wanted === undefined || wanted === "ALL"
      ? namesIn("etc/php").filter((name) => tree.directory(`etc/php/${name}/mods-available`) !== undefined)
      : [wanted];
  const interfaces = (version: string, wanted: string | undefined): readonly string[] =>
    wanted === undefined || wanted === "ALL"
      ? namesIn(`etc/php/${version}`).filter(
          (name) => tree.directory(`etc/php/${version}/${name}/conf.d`) !== undefined,
        )
      : [wanted];

  function linkOf(version: string, server: string, module: string): string | undefined {
    const file = tree.file(`etc/php/${version}/mods-available/${module}.ini`);
    if (file === undefined) return undefined;
    const priority = /^;\s*priority\s*=\s*(\d+)/m.exec(textOf(file) ?? "")?.[1] ?? "20";
    return `etc/php/${version}/${server}/conf.d/${priority}-${module}.ini`;
  }

  function phpenmod({ args }: Call): number {
    const { values, operands } = parseOptions(args, ["-v", "-s"]);
    let failures = 0;
    for (const version of versions(values.get("-v"))) {
      for (const server of interfaces(version, values.get("-s"))) {
        for (const module of operands) {
          const link = linkOf(version, server, module);
          if (link === undefined) failures++;
          else writeLink(system, link, `/etc/php/${version}/mods-available/${module}.ini`);
        }
      }
    }
    return Number(failures > 0);
  }

  function phpquery({ args, write }: Call): number {
    const { flags, values } = parseOptions(args, ["-v", "-s", "-m"]);
    const version = values.get("-v") ?? "";
    const module = values.get("-m");
    if (module !== undefined) {
      const link = linkOf(version, values.get("-s") ?? "", module);
      return Number(link === undefined || tree.get(link, "keep") === undefined);
    }
    let names = versions(undefined);
    if (flags.has("-S")) names = interfaces(version, undefined);
    if (flags.has("-M")) {
      const files = namesIn(`etc/php/${version}/mods-available`);
      names = files.filter((name) => name.endsWith(".ini")).map((name) => name.slice(0, -".ini".length));
    }
    for (const name of names) write(`${name}\n`);
    return 0;
  }

  return {
    a2enmod: enabler("mods", ["load", "conf"]),
    a2enconf: enabler("conf", ["conf"]),
    a2ensite: enabler("sites", ["conf"]),
    phpenmod,
    phpquery,
  };
}
