import { textOf } from "../../../rootfs/node.ts";
import type { Handler } from "../call.ts";
import { type System, writeFile } from "./system.ts";

/** Each file that is made, the field of a profile that it is made of, and the word its lines begin with. */
const STACKS = [
  { file: "common-auth", field: "Auth", word: "auth" },
  { file: "common-account", field: "Account", word: "account" },
  { file: "common-password", field: "Password", word: "password" },
  { file: "common-session", field: "Session", word: "session" },
  { file: "common-session-noninteractive", field: "Session", word: "session" },
] as const;

/**
 * pam-auth-update(8): writes what all services share, from the profiles that packages bring and that are
 * on by default, into the templates of libpam-runtime. Files that are there are left alone.
 */
export function pamCommand(system: System): Handler {
  const { tree } = system;
  return () => {
    const names = [...(tree.directory("usr/share/pam-configs")?.entries.keys() ?? [])].toSorted();
    const profiles = names
      .map((name) => parseProfile(fileText(`usr/share/pam-configs/${name}`) ?? ""))
      .filter((profile) => profile.get("Default") === "yes")
      .toSorted((a, b) => Number(b.get("Priority") ?? 0) - Number(a.get("Priority") ?? 0));
    for (const { file, field, word } of STACKS) {
      const template = fileText(`usr/share/pam/${file}`);
      if (template === undefined || tree.get(`etc/pam.d/${file}`) !== undefined) continue;
      const wanted = profiles.filter(
        (profile) =>
          file !== "common-session-noninteractive" || profile.get("Session-Interactive-Only") !== "yes",
      );
      const text = template
        .replace(/^\$\w+_primary\n/m, primaryBlock(wanted, field, word))
        .replace(/^\$\w+_additional\n/m, additionalBlock(wanted, field, word));
      writeFile(system, `etc/pam.d/${file}`, Buffer.from(text, "latin1"));
    }
    return 0;
  };

  function fileText(path: string): string | undefined {
    const file = tree.file(path);
    return file === undefined ? undefined : textOf(file);
  }
}

type Profile = ReadonlyMap<string, string>;

/** Fields; the lines of a stack follow its name, indented. */
function parseProfile(text: string): Profile {
  const profile = new Map<string, string>();
  let last: string | undefined;
  for (const line of text.split("\n")) {
    const [, name, value = ""] = /^([A-Za-z-]+):\s*(.*)$/.exec(line) ?? [];
    if (name !== undefined) profile.set(name, value.trim());
    else if (last !== undefined && line.trim() !== "") {
      const before = profile.get(last) ?? "";
      profile.set(last, before === "" ? line.trimStart() : `${before}\n${line.trimStart()}`);
    }
    if (name !== undefined) last = name;
  }
  return profile;
}

function linesOf(
  profiles: readonly Profile[],
  field: string,
  kind: "Primary" | "Additional",
): readonly string[] {
  return profiles
    .filter((profile) => profile.get(`${field}-Type`) === kind)
    .flatMap((profile, at) => {
      // The first module of a stack asks for the password, the others use what it got.
      const initial = at === 0 ? profile.get(`${field}-Initial`) : undefined;
      return (initial ?? profile.get(field) ?? "").split("\n").filter((line) => line !== "");
    });
}

/** `end` is the line after the one that refuses, which follows the block. */
function primaryBlock(profiles: readonly Profile[], field: string, word: string): string {
  const lines = linesOf(profiles, field, "Primary");
  if (lines.length === 0) return `${word}\t[default=1]\t\t\tpam_permit.so\n`;
  return lines.map((line, at) => `${word}\t${line.replace(/=end\b/g, `=${lines.length - at}`)}\n`).join("");
}

function additionalBlock(profiles: readonly Profile[], field: string, word: string): string {
  return linesOf(profiles, field, "Additional")
    .map((line) => `${word}\t${line}\n`)
    .join("");
}
