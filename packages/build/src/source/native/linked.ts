import type { Distribution, Ecosystem } from "../distribution/distribution.ts";
import type { PlanStep } from "../plan/plan.ts";

/** Where steps that compile put what the image gets, as it is to lie there. */
export const OUTPUT = "/out";
/** Programs of the application, in the output and in the image. */
export const PROGRAMS = "/app/bin";

/** With what the lines of steps use; readelf and strip come with compilers. */
export const SHELL_TOOLS = ["shell", "coreutils", "findutils", "grep", "sed"] as const;

/**
 * After the step `build`: looks whether what lies under the application has every library that the
 * compiled files name, before it fails to start. The database of what was built with knows its package.
 */
export function linkedStep({ ecosystem }: Distribution): PlanStep {
  const { places, packageOf } = DATABASES[ecosystem];
  return {
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
        `    [ -z "$(find ${places} ${OUTPUT} -name "$library" 2>/dev/null)" ] || continue`,
        `    package=$(${packageOf})`,
        `    echo "\${file#${OUTPUT}} needs $library, which the image has not."`,
        '    [ -z "$package" ] || echo "The package $package has it: write packages.deploy = [\\"$package\\"] in cooper.toml"',
        "    missing=1",
        "  done",
        "done",
        "exit $missing",
      ].join("\n"),
    ],
  };
}

/** Where libraries lie in the image, and what names the package that has one. */
const DATABASES: Readonly<Record<Ecosystem, { readonly places: string; readonly packageOf: string }>> = {
  apt: {
    places: "/deploy/usr/lib /deploy/lib/",
    packageOf: `grep -l "/$library\\$" /var/lib/dpkg/info/*.list | sed -n '1s|.*/\\([^:/]*\\).*\\.list$|\\1|p'`,
  },
  apk: {
    places: "/deploy/usr/lib /deploy/lib/",
    packageOf: `sed -n "s/^P://p; s/^R:$library\\$/&/p" /lib/apk/db/installed | grep -B 1 '^R:' | sed -n '1p'`,
  },
  nix: { places: "/deploy/nix/store", packageOf: "true" },
};
