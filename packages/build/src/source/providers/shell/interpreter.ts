import { BuildError } from "../../../errors.ts";
import { named, type Need, same } from "../../distribution/names.ts";

/** What runs a script: a program of the image, and the packages that bring it. */
export interface Interpreter {
  readonly command: readonly string[];
  readonly packages: readonly Need[];
}

/** Programs that scripts begin with, by their name without a version, and what brings them. */
const PACKAGES: Readonly<Record<string, Need>> = {
  ash: named("busybox-static", "busybox", "busybox"),
  awk: same("mawk"),
  bash: same("bash"),
  busybox: named("busybox-static", "busybox", "busybox"),
  dash: named("dash", undefined, "dash"),
  fish: same("fish"),
  gawk: same("gawk"),
  ksh: named("ksh93u+m", undefined, "ksh"),
  lua: named("lua5.4", undefined, "lua5_4"),
  node: same("nodejs"),
  perl: same("perl"),
  php: named("php-cli", undefined, "php"),
  python: named("python3 python-is-python3", undefined, "python3"),
  python3: "python",
  ruby: same("ruby"),
  sed: "sed",
  sh: "shell",
  tclsh: same("tcl"),
  zsh: same("zsh"),
};

/**
 * What a script's first line asks for: `#!/bin/bash -e`, `#!/usr/bin/env python3`, `#!/usr/bin/env -S perl -w`.
 * A script without such a line is one of sh. `VERSION_UNAVAILABLE` where no package is known for it
 */
export function interpreterOf(path: string, text: string): Interpreter {
  const line = /^#!\s*([^\r\n]+)/.exec(text)?.[1]?.trim() ?? "/bin/sh";
  const words = line.split(/\s+/);
  const [program = "", ...rest] = /(^|\/)env$/.test(words[0] ?? "")
    ? words.slice(1).filter((word, place) => !(place === 0 && word === "-S") && !word.includes("="))
    : words;
  const name = program.replace(/^.*\//, "");
  const needed = PACKAGES[name] ?? PACKAGES[name.replace(/[\d.]+$/, "")];
  if (needed === undefined) {
    throw new BuildError(
      "VERSION_UNAVAILABLE",
      `${path} is run by ${name}, and no package is known that has it`,
      {
        advice: `Say what starts it (--start) and which packages bring that (deploy.packages in cooper.toml). Known are ${Object.keys(PACKAGES).join(", ")}.`,
        fields: { path, wanted: name },
      },
    );
  }
  return { command: [name, ...rest], packages: [needed] };
}
