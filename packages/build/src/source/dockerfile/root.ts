import { formatReference, parseReference } from "@cooper/oci";
import { BuildError } from "../../errors.ts";
import type { Locks } from "../lock/locks.ts";
import { lockedReference } from "../lock/references.ts";
import { accepts } from "../versions/accepts.ts";
import { CERTIFICATES } from "./certificates.ts";
import { run } from "./instruction.ts";
import { lockedVersions, withVersion } from "./locked-versions.ts";

/** An image that others know by name, and what is put on it. */
export interface Root {
  readonly from: string;
  readonly instructions: readonly string[];
}

/** Between slashes; a scope of npm's has one of its own. */
const NAMES = /(?:@[^/]+\/)?[^/]+/g;
const DEFAULT_SUITE = "bookworm";
const DEFAULT_ALPINE = "3.20";
/** Of Node's lines with long-term support, the newest first. */
const NODE_LINES = ["24", "22", "20", "18"] as const;

/**
 * What a Dockerfile has in place of the images that Cooper makes of packages: of those that are asked for the
 * locked versions, where there are locks. `CONFIGURATION_UNSUPPORTED`
 */
export function rootOf(references: readonly string[], locks?: Locks): Root {
  const found: Record<"apt" | "apk" | "npm" | "global", string[]> = { apt: [], apk: [], npm: [], global: [] };
  const images: string[] = [];
  let release: string | undefined;
  for (const reference of references) {
    const [, scheme, names = "", own] = /^(apt|apk|npm):([^:]*)(?::(.+))?$/.exec(reference) ?? [];
    if (scheme === "apt" || scheme === "apk" || scheme === "npm") {
      const versions = lockedVersions(reference, locks);
      const all = (names.match(NAMES) ?? []).map((name) => withVersion(name, versions));
      const isGlobal = scheme === "npm" && all.includes("+global");
      found[isGlobal ? "global" : scheme].push(...all.filter((name) => name !== "+global"));
      if (scheme !== "npm") release ??= own;
    } else images.push(imageOf(locks === undefined ? reference : lockedReference(reference, locks)));
  }
  const [image, other] = images;
  if (other !== undefined || (image !== undefined && found.npm.length + found.global.length > 0)) {
    throw unsupported(references.join(", "), "a stage stands on one image");
  }
  const { apk, npm, global } = found;
  // Debian's own image has the base that Cooper can leave out.
  const apt = found.apt.filter((name) => name !== "+nobase");
  const node = npm.find((name) => /^node(=|$)/.test(name));
  const needsNpm = npm.length + global.length > 0;
  const usual =
    apk.length > 0
      ? `alpine:${release ?? DEFAULT_ALPINE}`
      : needsNpm
        ? `node:${nodeTag(node)}-${release ?? DEFAULT_SUITE}-slim`
        : apt.length > 0
          ? `debian:${release ?? DEFAULT_SUITE}-slim`
          : "scratch";
  const packages = npm.filter((name) => name !== node);
  return {
    from: image ?? usual,
    instructions: [
      ...install.apt(apt),
      // Alpine's Node comes without npm, which installs the others.
      ...install.apk(apk.length > 0 && needsNpm ? [...apk, "npm"] : apk),
      ...install.npm(packages),
      ...install.global(global),
      ...(npm.length > 0 && packages.length + global.length === 0 ? [WITHOUT_NPM] : []),
    ],
  };
}

/** Node's own image has what Cooper's has not, where steps may put another version. */
const WITHOUT_NPM = `RUN cd /usr/local/bin && rm -f ${["npm", "npx", "yarn", "yarnpkg", "corepack"].join(" ")}`;

/**
 * One at a time, by a lock that apt waits for: of BuildKit's own ways to share, Buildah 1.28 knows no
 * `private`, and waits for ever for a `locked` cache that an earlier stage had.
 */
const APT_LOCK = "flock /var/cache/apt/builds.lock sh -c";

const install = {
  apt: (names: readonly string[]): readonly string[] =>
    names.length === 0
      ? []
      : [
          run(
            [
              "type=cache,id=apt-archives,target=/var/cache/apt,sharing=shared",
              "type=cache,id=apt-lists,target=/var/lib/apt/lists,sharing=shared",
            ],
            `${APT_LOCK} 'rm -f /etc/apt/apt.conf.d/docker-clean \\
    && apt-get update \\
    && apt-get install --yes ${recommends(names)}${downgrades(names)} ${names.filter((name) => !name.startsWith("+")).join(" ")}'`,
          ),
        ],
  apk: (names: readonly string[]): readonly string[] =>
    names.length === 0
      ? []
      : [run(["type=cache,id=apk,target=/etc/apk/cache,sharing=shared"], `apk add ${names.join(" ")}`)],
  // Where Cooper's own images of npm's packages have them.
  npm: (names: readonly string[]): readonly string[] =>
    npmInstall(names, "/app", ["ln -sf /app/node_modules/.bin/* /usr/local/bin/"]),
  // In the place of what Node's own image has there: npm cannot install over the npm that runs.
  global: (names: readonly string[]): readonly string[] =>
    npmInstall(names, "/opt/global", [
      "rm -rf /usr/local/lib/node_modules",
      "mv /opt/global/node_modules /usr/local/lib/",
      "ln -sf /usr/local/lib/node_modules/.bin/* /usr/local/bin/",
    ]),
} as const;

function npmInstall(names: readonly string[], prefix: string, further: readonly string[]): readonly string[] {
  if (names.length === 0) return [];
  const packages = names.map((name) => name.replace(/(?!^)=/, "@")).join(" ");
  const line = `NODE_EXTRA_CA_CERTS=${CERTIFICATES} npm install --prefix ${prefix} --no-save ${packages}`;
  return [
    run(
      [
        "type=cache,id=npm,target=/root/.npm",
        "type=secret,id=npmrc,target=/root/.npmrc",
        `type=secret,id=certificates,target=${CERTIFICATES}`,
      ],
      [line, ...further].join(" \\\n    && "),
    ),
  ];
}

/** The image below may have a newer one. */
function downgrades(names: readonly string[]): string {
  return names.some((name) => name.includes("=")) ? " --allow-downgrades" : "";
}

function recommends(names: readonly string[]): string {
  return names.includes("+recommends") ? "--install-recommends" : "--no-install-recommends";
}

function imageOf(text: string): string {
  const reference = parseReference(text);
  if (reference.scheme === "docker") return formatReference(reference).slice("docker://".length);
  throw unsupported(text, "it knows images of registries, and packages of apt, apk and npm");
}

/** `22`, `22.3.0`: what Node's image is tagged with. */
function nodeTag(name: string | undefined): string {
  const wanted = name?.replace(/^node=?/, "") ?? "";
  if (/^\d+\.\d+\.\d+$/.test(wanted)) return wanted;
  return NODE_LINES.find((line) => wanted === "" || accepts(wanted, line)) ?? wanted;
}

function unsupported(what: string, why: string): BuildError {
  return new BuildError("CONFIGURATION_UNSUPPORTED", `no Dockerfile says ${what}: ${why}`, {
    fields: { reference: what },
  });
}
