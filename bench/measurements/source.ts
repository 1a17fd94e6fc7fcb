import { appendFileSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startBuildKit } from "../build-kit.ts";
import type { Builder } from "../builders/builder.ts";
import { buildahBuilder, buildahCommand, EQUAL, equalBuilder } from "../builders/buildah.ts";
import { buildKitBuilder } from "../builders/build-kit.ts";
import { cooperBuilder } from "../builders/cooper.ts";
import { type Application, type Place, preparePlace } from "../builders/place.ts";
import { debianSources } from "../debian.ts";
import { directoryInMemory } from "../fresh-disk.ts";
import { type Contestant, isInstalled, type Race, timed } from "../race.ts";
import type { Measurement, Setting } from "../setting.ts";

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
 * BuildKit. The packages that Cooper makes its images of are in its cache, and the base image that the
 * others use is in a registry of this machine.
 */
export const source: Measurement = {
  name: "source",
  title: "Applications from source",
  async *races(setting) {
    const sources = debianSources();
    const missing = ["buildah", "mmdebstrap", "docker-registry"].filter((name) => !isInstalled(name));
    if (missing.length > 0) console.log(`source skipped: ${missing.join(", ")}: not installed`);
    if (sources !== undefined && missing.length === 0) {
      for (const application of APPLICATIONS) yield* racesOf(application, sources, setting);
    }
    yield scanned(setting);
  },
};

async function* racesOf(application: Application, sources: string, setting: Setting): AsyncGenerator<Race> {
  const folder = directoryInMemory(setting.scratch);
  const place = await preparePlace(folder, application, sources, setting.cooper());
  const buildKit = await startBuildKit(folder);
  try {
    const rivals = [
      buildahBuilder(place),
      ...(buildKit === undefined ? [] : [buildKitBuilder(place, buildKit)]),
    ];
    const builders = [cooperBuilder(setting, place), ...rivals, equalBuilder(place)];
    const race = (name: string, state: State, target: number, limit?: number): Race => ({
      name: `${application.example}, ${name}`,
      bytes: 0,
      contestants: builders
        .filter(({ anew }) => state !== "anew" || anew !== undefined)
        .map((builder) => contestant(builder, state, place)),
      targets: { buildah: target, [EQUAL]: target },
      sizeTargets: state === "anew" ? { buildah: 0.6 } : {},
      limit,
    });
    yield race("from nothing: also what it stands on is fetched or made", "from nothing", 1 / 0.8);
    yield race("nothing built before but what it stands on", "anew", 1 / 0.8);
    yield race("nothing changed", "unchanged", 1 / 0.2, 0.7);
    yield race("one line changed", "changed", 1, 1.5);
  } finally {
    await buildKit?.stop();
    await place.registry.stop();
    for (const each of [folder, join(folder, "equal")]) buildahCommand(each).forget();
    rmSync(folder, { recursive: true, force: true });
  }
}

type State = "from nothing" | "anew" | "unchanged" | "changed";

function contestant(builder: Builder, state: State, place: Place): Contestant {
  let round = 0;
  const comment = `${place.changes.endsWith(".py") ? "#" : "//"} for ${builder.name},`;
  const prepare = (): readonly string[] => {
    if (state === "from nothing") return builder.fromNothing();
    if (state === "anew") return builder.anew?.() ?? builder.build;
    if (round++ === 0) timed(builder.build, place.folder);
    if (state === "changed") appendFileSync(join(place.context, place.changes), `${comment} ${round}\n`);
    return builder.build;
  };
  const finish = (): number | undefined => (state === "anew" ? builder.size?.() : undefined);
  return { name: builder.name, needs: builder.needs, prepare, finish };
}

/** A source of 800 MB in 100,000 files that did not change: how long a look at it takes. */
function scanned(setting: Setting): Race {
  const folder = join(setting.cache, "context-100000");
  const home = join(setting.scratch, "scan-home");
  return {
    name: "a source of 100,000 files, looked at again",
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
    limit: 2,
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
