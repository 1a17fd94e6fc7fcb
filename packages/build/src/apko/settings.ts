import type { ApkRoot, Solution } from "@cooper/distro";
import type { ApkoConfiguration } from "./schema.ts";

/** apk's settings in the image, and `/etc/apko.json`: what it was made of. */
export function writeSettings({ tree }: ApkRoot, configuration: ApkoConfiguration, solution: Solution): void {
  const {
    repositories = [],
    runtime_repositories: runtime = [],
    runtime_keyring: keys = [],
  } = configuration.contents ?? {};
  const lines = [...repositories, ...runtime].map((line) => (isAddress(line) ? line : `# ${tagged(line)}`));
  if (lines.length > 0) {
    tree.write({
      path: "etc/apk/repositories",
      bytes: Buffer.from(lines.map((line) => `${line}\n`).join("")),
    });
  }
  for (const { name, content } of keys) {
    tree.write({ path: `etc/apk/keys/${name.replaceAll("/", "_")}`, bytes: Buffer.from(content) });
  }
  const packages = solution.packages.map(({ name, version }) => `${name}=${version}`);
  const made = { ...configuration, contents: { ...portable(configuration.contents ?? {}), packages } };
  tree.write({ path: "etc/apko.json", bytes: Buffer.from(JSON.stringify(made)), mode: 0o444 });
}

/** Without this machine's own paths: they would say where it was made, and change its digest. */
function portable(contents: NonNullable<ApkoConfiguration["contents"]>): typeof contents {
  const { repositories, build_repositories: build, runtime_repositories: runtime, keyring } = contents;
  return {
    ...contents,
    repositories: portableLines(repositories),
    build_repositories: portableLines(build),
    runtime_repositories: portableLines(runtime),
    keyring: portableLines(keyring),
  };
}

function isAddress(line: string): boolean {
  return /^(?:@\S+\s+)?https?:\/\//u.test(line);
}

/** A path means nothing in a container: only its last part is told. */
function tagged(line: string): string {
  return line.split("/").at(-1) ?? line;
}

function portableLines(lines: readonly string[] | undefined): readonly string[] | undefined {
  return lines?.map((line) => (isAddress(line) ? line : tagged(line)));
}
