import type { StricliIntegration } from "@stricli/core";
import type { Invocation } from "./command.ts";
import { COMMANDS } from "./commands/table.ts";
import { table } from "./display/table.ts";
import { version } from "./version.ts";

/** `--help` and `-h`: a command's own help, or the list of commands. */
export const helpIntegration: StricliIntegration<Invocation> = {
  flag: {
    brief: "Print this help",
    global: true,
    complete: true,
    aliases: ["h"],
    defaultForRouteMap: true,
    run(app, { text, ansiColorByStream, result, additionalFlags }) {
      const formatting = {
        prefix: result.prefix,
        config: app.config.documentation,
        additionalFlags: additionalFlags.filter(({ name }) => name !== "help"),
        includeArgumentEscapeSequenceFlag: false,
        includeHidden: false,
        text,
        ansiColor: ansiColorByStream.stdout,
      };
      this.process.stdout.write(
        result.target === app.root ? rootHelp() : result.target.formatHelp(formatting),
      );
    },
  },
};

export const versionIntegration: StricliIntegration<Invocation> = {
  flag: {
    brief: "Print the version",
    global: false,
    complete: true,
    aliases: ["v"],
    run() {
      this.process.stdout.write(`cooper ${version()}\n`);
    },
  },
};

function rootHelp(): string {
  const groups = Object.entries(COMMANDS).map(([title, commands]) => {
    const rows = Object.entries(commands).map(([name, { brief }]) => [name, brief]);
    return `${title.toUpperCase()}\n${table(rows, { indent: "  " })}\n`;
  });
  return `USAGE
  cooper COMMAND [FLAGS] [ARGUMENTS]
  cooper COMMAND --help
  cooper --version

Makes, moves, opens, changes and runs container images, with no daemon.

${groups.join("\n")}
REFERENCES
  alpine:3  ghcr.io/a/b@sha256:…  docker://HOST/REPO[:TAG]   a registry
  oci:DIR[:TAG]  oci-archive:FILE[:TAG]                       an OCI layout, or a tar of one
  docker-archive:FILE[:TAG]  docker-daemon:NAME               what docker save writes; the Docker engine
  store:NAME[:TAG]                                            Cooper's own store

EXIT STATUS
  0 done   1 failed   2 wrong usage   3 the host lacks something   75 a passing fault: try again
`;
}
