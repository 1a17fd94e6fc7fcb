import type { RunConfig } from "@cooper/oci";
import { parseDigest } from "@cooper/oci";
import type { Context } from "../ecosystem/context.ts";
import type { Assembly, Ecosystem, PackageContent } from "../ecosystem/ecosystem.ts";
import type { Solution, SolvedPackage } from "../ecosystem/solution.ts";
import { DistroError } from "../errors.ts";
import { mainBin } from "./bins.ts";
import { commandOf } from "./command.ts";
import { NODE, packageContent, runtimeContent } from "./content.ts";
import { type Details, readDetails } from "./details.ts";
import { type Inspection, inspect } from "./inspection.ts";
import { isPlain } from "./integrity.ts";
import { GLOBAL_ROOT, ROOT } from "./place.ts";
import { readRegistries, type Registries } from "./registries.ts";
import { type Asked, askedFor, RUNTIME } from "./request.ts";
import { forBase } from "./solve.ts";
import type { Tarball } from "./tarball.ts";
import { together } from "./together.ts";
import { globalLinks, type Placed, topMembers } from "./top.ts";
import { USER } from "./users.ts";

/**
 * Fetches the tarballs that the cache lacks, by their SHA-512, checks what is in them, and says
 * what the image is made of: the base's packages, Node, and each package of npm at its place.
 */
export async function assemble(solution: Solution, context: Context, base: Ecosystem): Promise<Assembly> {
  const { base: baseSolution, request } = solution;
  const asked = askedFor(request);
  if (asked.tree === "global") return await assembleGlobal(solution, asked, context);
  if (baseSolution === undefined || baseSolution.ecosystem !== base.name) {
    throw new DistroError(
      "LOCK_INVALID",
      `the lock does not say on which packages of ${base.name} Node stands`,
      {
        advice: "Write the lock anew.",
      },
    );
  }
  const registries = lazily(async () => await readRegistries(context));
  const [under, fetched] = await together(context, (inner) => [
    base.assemble(baseSolution, forBase(inner)),
    prepareAll(solution, registries, inner),
  ]);
  const placed = placedOf(fetched);
  return {
    packages: [...under.packages, ...fetched.map((one) => contentOf(one, ROOT))],
    whole: async (options) => {
      const below = await under.whole(options);
      return {
        top: (inner) => topMembers({ asked, packages: placed, base: (own) => below.top(own) }, inner),
        run: await runConfig(asked, fetched, placed, below.run, { ...context, ...options }),
        created: Math.max(below.created, ...fetched.map(({ inspection }) => inspection.newest)),
      };
    },
  };
}

/** Packages as `npm install --global` places them: no Node, no user, nothing that an application has. */
async function assembleGlobal(solution: Solution, asked: Asked, context: Context): Promise<Assembly> {
  const registries = lazily(async () => await readRegistries(context));
  const fetched = await prepareAll(solution, registries, context);
  return {
    packages: fetched.map((one) => contentOf(one, GLOBAL_ROOT)),
    whole: async () => ({
      top: () => globalLinks({ asked, packages: placedOf(fetched) }),
      run: {},
      created: Math.max(...fetched.map(({ inspection }) => inspection.newest)),
    }),
  };
}

async function prepareAll(
  solution: Solution,
  registries: () => Promise<Registries>,
  context: Context,
): Promise<readonly Prepared[]> {
  const fetched = await together(context, (inner) =>
    solution.packages.map(async (one) => await prepare(one, solution, registries, inner)),
  );
  for (const prepared of fetched) warnOf(prepared, context);
  return fetched;
}

function placedOf(fetched: readonly Prepared[]): readonly Placed[] {
  return fetched.flatMap(({ solved, details, inspection }) =>
    details.kind === "package" ? [{ solved, details, bins: inspection.bins }] : [],
  );
}

/** A package whose tarball is there and was looked through. */
interface Prepared {
  readonly solved: SolvedPackage;
  readonly details: Details;
  readonly tarball: Tarball;
  readonly inspection: Inspection;
}

async function prepare(
  solved: SolvedPackage,
  { repositories }: Solution,
  registries: () => Promise<Registries>,
  context: Context,
): Promise<Prepared> {
  const details = readDetails(solved);
  const label = `${solved.name} ${solved.version}`;
  const digest = parseDigest(solved.checksum);
  const repository = repositories[solved.repository];
  if (repository === undefined || !isPlain(solved.path)) {
    throw new DistroError("LOCK_INVALID", `the lock does not say where ${label} is`, {
      advice: "Write the lock anew.",
    });
  }
  // npm is asked for its configuration only where something is to be fetched.
  let path = await context.cache.blob(digest);
  if (path === undefined) {
    const known = await registries();
    const url = `${known.address(repository.path)}${solved.path}`;
    const { signal } = context;
    path = await context.fetcher.file(
      url,
      { digest, limit: MAX_TARBALL },
      { label, ...known.access(url), signal },
    );
  } else {
    context.onEvent({ type: "fetch-cached", label });
  }
  const tarball = { path, label };
  const inspection = await inspect(tarball, solved.checksum, context);
  if (details.kind === "runtime" && inspection.bins[RUNTIME] !== "bin/node") {
    throw new DistroError("PACKAGE_INVALID", `${label} has no Node in it`, { fields: { package: label } });
  }
  return { solved: withFacts(solved, inspection), details, tarball, inspection };
}

/** Bytes of a tarball, whose size npm's index does not tell. */
const MAX_TARBALL = 2 * 2 ** 30;

function withFacts(solved: SolvedPackage, inspection: Inspection): SolvedPackage {
  const { license, description, homepage, installedSize } = inspection;
  return {
    ...solved,
    license: license === "" ? solved.license : license,
    description: description === "" ? solved.description : description,
    homepage,
    installedSize,
  };
}

function warnOf({ solved, details, inspection }: Prepared, context: Context): void {
  const subject = `${solved.name} ${solved.version}`;
  const warn = (message: string): void => context.onEvent({ type: "warning", subject, message });
  if (details.kind === "package" && details.entry.hasInstallScript === true) {
    warn("its install script did not run: what it would have built or fetched is not there");
  }
  const [first] = inspection.leftOut;
  if (first !== undefined) warn(`its links are left out, as by npm: ${first}`);
}

function contentOf({ solved, details, tarball, inspection }: Prepared, root: string): PackageContent {
  return details.kind === "runtime"
    ? runtimeContent(solved, tarball)
    : packageContent(solved, { root, place: details.place }, tarball, inspection);
}

/** The first package that was asked for is what the image runs, if it has a command of its own. */
async function runConfig(
  { packages }: Asked,
  fetched: readonly Prepared[],
  placed: readonly Placed[],
  under: RunConfig,
  context: Context,
): Promise<RunConfig> {
  const name = packages.map((asked) => asked.name).find((each) => each !== RUNTIME);
  const place = `node_modules/${name ?? ""}`;
  const main = placed.find(({ details }) => details.place === place);
  const tarball = fetched.find(
    ({ details }) => details.kind === "package" && details.place === place,
  )?.tarball;
  const bin = main === undefined ? undefined : mainBin(main.bins, main.solved.name);
  const file = bin === undefined ? undefined : main?.bins[bin];
  const started =
    file === undefined || tarball === undefined
      ? { Cmd: [`/${NODE}`] }
      : { Entrypoint: await commandOf({ path: file, at: `/${ROOT}/${place}/${file}` }, tarball, context) };
  const environment = (under.Env ?? []).filter((variable) => /^(?:PATH|LANG)=/.test(variable));
  if (!environment.some((variable) => variable.startsWith("PATH="))) environment.unshift(DEFAULT_PATH);
  return {
    User: String(USER.id),
    Env: [...environment, "NODE_ENV=production"],
    WorkingDir: `/${ROOT}`,
    ...started,
  };
}

const DEFAULT_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return async () => await (made ??= make());
}
