import { existsSync, readFileSync } from "node:fs";
import { userInfo } from "node:os";
import { connect } from "node:net";
import type { Cancellable } from "@cooper/archive";
import { RUNTIME_NAMES, unfitness } from "../runtime/find-runtime.ts";
import type { HostFact, Question } from "./fact.ts";
import { attempt, findProgram } from "./program.ts";

/** What other people's programs give. */
export const programQuestions: readonly Question[] = [
  runtime,
  (options) =>
    program(
      { name: "unshare", purpose: "makes the namespaces of a run", needed: true, packages: ["util-linux"] },
      options,
    ),
  subordinateIds,
  certificates,
  (options) =>
    program(
      { name: "skopeo", purpose: "checks images that Cooper wrote", needed: false, packages: ["skopeo"] },
      options,
    ),
  (options) =>
    program(
      {
        name: "umoci",
        purpose: "checks and unpacks images that Cooper wrote",
        needed: false,
        packages: ["umoci"],
      },
      options,
    ),
  dockerEngine,
];

interface Wanted {
  readonly name: string;
  readonly purpose: string;
  readonly needed: boolean;
  readonly packages: readonly string[];
}

async function program(wanted: Wanted, options: Cancellable): Promise<HostFact> {
  const path = findProgram(wanted.name);
  if (path === undefined) return { ...wanted, state: "missing", found: "not in PATH" };
  const { status, output } = await attempt(path, ["--version"], options);
  const version = /\d+(\.\d+)+[^\s,]*/.exec(output)?.[0];
  if (status === 0) return { ...wanted, state: "works", found: version ?? path };
  return { ...wanted, state: "limited", found: `${path} --version ends with ${status}` };
}

const OCI_RUNTIMES = RUNTIME_NAMES.filter((name) => name !== "namespaces");

/** One that works here is enough. */
async function runtime(options: Cancellable): Promise<HostFact> {
  const purpose = "starts containers";
  const fact = { name: "runtime", purpose, needed: true, packages: ["runc"] } as const;
  const found = await Promise.all(
    OCI_RUNTIMES.map(async (name) => {
      const { state, found: version } = await program(
        { name, purpose, needed: true, packages: [name] },
        options,
      );
      const why = state === "works" ? unfitness(name) : undefined;
      return { state, text: `${name} ${version}`, why };
    }),
  );
  const own = unfitness("namespaces");
  const installed = [
    ...found.filter(({ state }) => state === "works"),
    { text: "namespaces of Cooper's own", why: own },
  ];
  const works = installed.some(({ why }) => why === undefined);
  const texts = installed.map(({ text, why }) =>
    why === undefined ? text : `${text} does not work here: ${why}`,
  );
  const chosen = process.env["COOPER_RUNTIME"] ?? "";
  const choice = chosen === "" ? "" : `; COOPER_RUNTIME chooses ${chosen}`;
  return { ...fact, state: works ? "works" : "missing", found: `${texts.join("; ")}${choice}` };
}

/** What a user needs so that files of other owners can be in a container. */
function subordinateIds(): HostFact {
  const isRoot = process.geteuid?.() === 0;
  const fact = {
    name: "subordinate ids",
    purpose: "keeps the owners of files in a container that runs without root",
    needed: false,
    packages: ["uidmap"],
  } as const;
  const helpers = ["newuidmap", "newgidmap"].every((name) => findProgram(name) !== undefined);
  if (!helpers) return { ...fact, state: isRoot ? "limited" : "missing", found: "no newuidmap" };
  if (isRoot) return { ...fact, packages: [], state: "works", found: "root needs none" };
  const { username, uid } = userInfo();
  const has = ["/etc/subuid", "/etc/subgid"].every((file) =>
    linesOf(file).some((line) => line.startsWith(`${username}:`) || line.startsWith(`${uid}:`)),
  );
  if (has) return { ...fact, packages: [], state: "works", found: "/etc/subuid" };
  return {
    ...fact,
    packages: [],
    state: "missing",
    found: `no range for ${username} in /etc/subuid and /etc/subgid`,
    advice: `As root: usermod --add-subuids 100000-165535 --add-subgids 100000-165535 ${username}`,
  };
}

function certificates(): HostFact {
  const fact = {
    name: "certificates",
    purpose: "lets other programs trust registries (Cooper brings its own list)",
    needed: false,
    packages: ["ca-certificates"],
  } as const;
  const bundle = "/etc/ssl/certs/ca-certificates.crt";
  if (existsSync(bundle)) return { ...fact, state: "works", found: bundle };
  return { ...fact, state: "missing", found: `no ${bundle}` };
}

async function dockerEngine(): Promise<HostFact> {
  const fact = {
    name: "docker engine",
    purpose: "is where docker-daemon: references live",
    needed: false,
    packages: [],
  } as const;
  const host = process.env["DOCKER_HOST"] ?? "unix:///var/run/docker.sock";
  if (!host.startsWith("unix://")) return { ...fact, state: "limited", found: `${host}: not tried` };
  const path = host.slice("unix://".length);
  const reached = await new Promise<boolean>((resolve) => {
    const socket = connect(path);
    socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
  if (reached) return { ...fact, state: "works", found: path };
  return {
    ...fact,
    state: "missing",
    found: `nobody answers on ${path}`,
    advice: "Nothing but docker-daemon: needs it; the package is docker.io.",
  };
}

function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, "utf8").split("\n");
  } catch {
    return [];
  }
}
