import type { PlanStep } from "../plan/plan.ts";

/** Where steps that compile put what the image gets, as it is to lie there. */
export const OUTPUT = "/out";
/** Programs of the application, in the output and in the image. */
export const PROGRAMS = "/app/bin";

/** Packages with what the lines of steps use; readelf and strip come with compilers. */
export const SHELL_TOOLS: readonly string[] = ["dash", "coreutils", "findutils", "grep", "sed"];

/**
 * After the step `build`: looks whether what lies under the application has every library that the
 * compiled files name, before it fails to start. dpkg's lists of what was built with know its package.
 */
export const LINKED_STEP: PlanStep = {
  after: "build",
  mounts: [{ from: "deploy", source: "/", target: "/deploy" }],
  directory: "/",
  commands: [
    [
      "# every library that a program names is in the image",
      "missing=0",
      `for file in $(find ${OUTPUT} -type f); do`,
      '  head -c 4 "$file" | grep -q ELF || continue',
      `  for library in $(readelf -d "$file" | sed -n 's/.*(NEEDED).*\\[\\(.*\\)\\].*/\\1/p'); do`,
      `    [ -z "$(find /deploy/usr/lib /deploy/lib/ ${OUTPUT} -name "$library" 2>/dev/null)" ] || continue`,
      `    package=$(grep -l "/$library\\$" /var/lib/dpkg/info/*.list | sed -n '1s|.*/\\([^:/]*\\).*\\.list$|\\1|p')`,
      `    echo "\${file#${OUTPUT}} needs $library, which the image has not."`,
      '    [ -z "$package" ] || echo "The package $package has it: write packages.deploy = [\\"$package\\"] in cooper.toml"',
      "    missing=1",
      "  done",
      "done",
      "exit $missing",
    ].join("\n"),
  ],
};
