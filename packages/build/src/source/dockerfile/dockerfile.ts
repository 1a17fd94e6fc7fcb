import { BuildError } from "../../errors.ts";
import { DEFAULT_DIRECTORY, DEFAULT_USER, type Plan, type PlanStep } from "../plan/plan.ts";
import { labelsOf } from "../image/labels.ts";
import { initOf, rootsOf } from "../plan/init.ts";
import type { Source } from "../project/source.ts";
import { CERTIFICATES } from "./certificates.ts";
import { copy, pairs, run, SHELL } from "./instruction.ts";
import { rootOf } from "./root.ts";
import { copiesOfSource } from "./source-copies.ts";
import { copyOfStage } from "./stage-copies.ts";

export interface GeneratedDockerfile {
  readonly dockerfile: string;
  /** What its .dockerignore has to say. */
  readonly ignore: string;
}

/**
 * A Dockerfile that does what the plan does, for BuildKit and Buildah: a stage for each step, caches as
 * mounts, the host's configuration of package managers as optional secrets, the same user and command.
 * `CONFIGURATION_UNSUPPORTED` where a Dockerfile cannot say it
 */
export function generateDockerfile(plan: Plan, source: Source): GeneratedDockerfile {
  return {
    dockerfile: new Writer(plan, source).write(),
    ignore: `${source.ignored.join("\n")}\n`,
  };
}

/** The host's configuration of package managers: who builds gives it, or leaves it out. */
const CONFIGURATION: Readonly<Record<NonNullable<PlanStep["configuration"]>[number], string | undefined>> = {
  npm: "id=npmrc,target=/root/.npmrc",
  pip: "id=pip.conf,target=/etc/pip.conf",
  go: "id=goenv,target=/root/.config/go/env",
  cargo: "id=cargo,target=/root/.cargo/config.toml",
  maven: "id=maven,target=/root/.m2/settings.xml",
  apt: undefined,
  certificates: `id=certificates,target=${CERTIFICATES}`,
};

class Writer {
  readonly #plan: Plan;
  readonly #source: Source;
  readonly #blocks: string[] = [];
  /** Names of stages of packages, by what they stand on. */
  readonly #roots = new Map<string, string>();
  readonly #steps = new Map<string, string>();
  #selections = 0;

  constructor(plan: Plan, source: Source) {
    this.#plan = plan;
    this.#source = source;
  }

  write(): string {
    const { deploy, providers } = this.#plan;
    const copies = deploy.copies.flatMap((each) => this.#copies(each));
    const init = this.#init();
    const healthcheck = deploy.healthcheck;
    const known = this.#steps.get("deploy");
    const root =
      known === undefined ? rootOf(rootsOf(this.#plan), this.#plan.locks) : { from: known, instructions: [] };
    this.#block(
      `FROM ${root.from}`,
      ...root.instructions,
      `WORKDIR ${deploy.directory ?? DEFAULT_DIRECTORY}`,
      ...init,
      ...copies,
      ...pairs("ENV", deploy.environment ?? {}),
      ...pairs("LABEL", labelsOf(this.#plan)),
      ...(deploy.ports ?? []).map((port) => `EXPOSE ${port}`),
      ...(healthcheck === undefined
        ? []
        : [
            `HEALTHCHECK --interval=${healthcheck.interval ?? 30}s CMD ${JSON.stringify(healthcheck.command)}`,
          ]),
      ...(deploy.stopSignal === undefined ? [] : [`STOPSIGNAL ${deploy.stopSignal}`]),
      `USER ${deploy.user ?? DEFAULT_USER}`,
      `ENTRYPOINT ${JSON.stringify([...(initOf(this.#plan)?.command ?? []), ...deploy.command])}`,
    );
    return `# What cooper build does with this source (${providers.join(", ")}), as cooper generate dockerfile says it.\n\n${this.#blocks.join("\n\n")}\n`;
  }

  #block(...lines: readonly string[]): void {
    this.#blocks.push(lines.join("\n"));
  }

  /** The lines that copy something into the stage that is being written. */
  #copies(each: Plan["deploy"]["copies"][number]): readonly string[] {
    if (each.from === "source") return copiesOfSource(each, this.#source);
    const stage = this.#stage(each.from);
    const { line, selection } = copyOfStage(each, stage, `${stage}-selection-${this.#selections + 1}`);
    if (selection === undefined) return [line];
    this.#selections++;
    this.#block(...selection.lines);
    return [line];
  }

  /** Writes the stage of a step, after those that it needs, unless it is there. */
  #stage(name: string): string {
    const known = this.#steps.get(name);
    if (known !== undefined) return known;
    if (name === "deploy") return this.#deployRoot();
    const step = this.#plan.steps[name];
    if (step === undefined)
      throw untold(
        `what ${name} is: a plan's files from elsewhere are not fetched by instructions that BuildKit and Buildah share`,
      );
    const stage = name.toLowerCase().replaceAll(/[^a-z0-9_.-]/g, "-");
    const below = step.after === undefined ? this.#root(step.root ?? []) : this.#stage(step.after);
    const copies = (step.copies ?? []).flatMap((each) => this.#copies(each));
    const mounts = this.#mounts(step);
    this.#block(
      `FROM ${below} AS ${stage}`,
      `SHELL ${JSON.stringify(SHELL)}`,
      `WORKDIR ${step.directory ?? DEFAULT_DIRECTORY}`,
      ...pairs("ENV", { HOME: "/root", ...certificatesFor(step), ...step.environment }),
      ...copies,
      ...(step.files ?? []).map(fileLine),
      ...step.commands.map((command) => run(mounts, withSecrets(step.secrets ?? [], command))),
    );
    this.#steps.set(name, stage);
    return stage;
  }

  /** What lies under the application, for steps that look at it. */
  #deployRoot(): string {
    const { from, instructions } = rootOf(rootsOf(this.#plan), this.#plan.locks);
    this.#block(`FROM ${from} AS deploy-root`, ...instructions);
    this.#steps.set("deploy", "deploy-root");
    return "deploy-root";
  }

  /** The first process, out of a stage of its own: there may be nothing else of Debian. */
  #init(): readonly string[] {
    const file = initOf(this.#plan)?.file;
    if (file === undefined) return [];
    const { source, target } = file.copy;
    return [copy([source], `/${target}`, this.#root([file.root]))];
  }

  #root(references: readonly string[]): string {
    const { from, instructions } = rootOf(references, this.#plan.locks);
    if (instructions.length === 0) return from;
    const key = references.join(" ");
    const name = this.#roots.get(key) ?? `packages-${this.#roots.size + 1}`;
    if (!this.#roots.has(key)) this.#block(`FROM ${from} AS ${name}`, ...instructions);
    this.#roots.set(key, name);
    return name;
  }

  #mounts(step: PlanStep): readonly string[] {
    const { mounts = [], caches = [], secrets = [], secretFiles = {}, ssh = [], tmpfs = [] } = step;
    return [
      ...mounts.map(
        ({ from, source, target }) => `type=bind,from=${this.#stage(from)},source=${source},target=${target}`,
      ),
      ...caches.map(({ id, target, sharing }) => `type=cache,id=${id},target=${target},sharing=${sharing}`),
      ...secrets.map((id) => `type=secret,id=${id}`),
      ...Object.entries(secretFiles).map(([id, target]) => `type=secret,id=${id},target=${target}`),
      ...ssh.map((id) => `type=ssh,id=${id}`),
      ...tmpfs.map((target) => `type=tmpfs,target=${target}`),
      ...(step.configuration ?? []).flatMap((kind) => {
        const mount = CONFIGURATION[kind];
        return mount === undefined ? [] : [`type=secret,${mount}`];
      }),
    ];
  }
}

/** A small file, written by the shell: of 2020, no instruction holds one. */
function fileLine({ path, text, mode = "644" }: NonNullable<PlanStep["files"]>[number]): string {
  const place = `/${path.replace(/^\//, "")}`;
  const script = `mkdir -p "$(dirname "$0")"; printf '%s' "$1" > "$0"; chmod "$2" "$0"`;
  return run([], [...SHELL, script, place, text, mode]);
}

/** Node alone does not look where all others look for certificate authorities. */
function certificatesFor({ configuration = [] }: PlanStep): Readonly<Record<string, string>> {
  const isNeeded = configuration.includes("npm") && configuration.includes("certificates");
  return isNeeded ? { NODE_EXTRA_CA_CERTS: CERTIFICATES } : {};
}

/** A secret is a file in a Dockerfile; a step has it as a variable, where it was given. */
function withSecrets(
  secrets: readonly string[],
  command: string | readonly string[],
): string | readonly string[] {
  if (secrets.length === 0 || typeof command !== "string") return command;
  const exports = secrets.map(
    (name) => `if [ -e /run/secrets/${name} ]; then export ${name}="$(cat /run/secrets/${name})"; fi`,
  );
  return [...exports, command].join("; ");
}

function untold(what: string): BuildError {
  return new BuildError("CONFIGURATION_UNSUPPORTED", `no Dockerfile says ${what}`);
}
