import { BuildError } from "../../../errors.ts";

/** What runs a script: a program of the image, and the packages that bring it. */
export interface Interpreter {
  readonly command: readonly string[];
  readonly packages: readonly string[];
}

/** Programs that scripts begin with, by their name without a version, and Debian's packages of them. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  ash: ["busybox-static"],
  awk: ["mawk"],
  bash: ["bash"],
  busybox: ["busybox-static"],
  dash: ["dash"],
  fish: ["fish"],
  gawk: ["gawk"],
  ksh: ["ksh93u+m"],
  lua: ["lua5.4"],
  node: ["nodejs"],
  perl: ["perl"],
  php: ["php-cli"],
  python: ["python3", "python-is-python3"],
  python3: ["python3"],
  ruby: ["ruby"],
  sed: ["sed"],
  sh: ["dash"],
  tclsh: ["tcl"],
  zsh: ["zsh"],
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
  const packages = PACKAGES[name] ?? PACKAGES[name.replace(/[\d.]+$/, "")];
  if (packages === undefined) {
    throw new BuildError(
      "VERSION_UNAVAILABLE",
      `${path} is run by ${name}, and no package is known that has it`,
      {
        advice: `Say what starts it (--start) and which packages bring that (deploy.packages in cooper.toml). Known are ${Object.keys(PACKAGES).join(", ")}.`,
        fields: { path, wanted: name },
      },
    );
  }
  return { command: [name, ...rest], packages };
}
