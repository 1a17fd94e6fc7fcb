import { type Distribution, packagesUnavailable } from "../distribution/distribution.ts";
import { named, type Need, same } from "../distribution/names.ts";
import { referenceTo } from "../distribution/reference.ts";
import type { Plan, PlanCopy } from "../plan/plan.ts";
import type { Parts } from "../plan/finish-plan.ts";
import { COMPRESSED, serveScript, serverConfiguration, SITE_ROOT } from "./configuration.ts";

/** Files that any web server may serve. */
export interface Site {
  /** Where they are: in the source, or in what a step gave. */
  readonly from: string;
  readonly source: string;
  /** An application shows its one page for every path; documents have a page each. */
  readonly pages: "application" | "documents";
  /** What begins so never changes, since its names have a hash: `/assets/`. */
  readonly immutable?: string | undefined;
}

/**
 * The server: lighttpd, of which the image gets one program, one module and the five libraries under
 * them, with dpkg's record of it for scanners. It needs no shell, writes nothing, and takes PORT.
 */
const SERVER_PACKAGES = named("usr-is-merged lsb-base lighttpd lighttpd-modules-lua", "", undefined);
const TOOLS = ["gzip", "findutils", "sed", "grep"] as const;
/** Alpine's is one package with its modules, and lies in the image as it is. */
const UNDER_IT: readonly Need[] = [
  "base",
  named("libc6 libcrypt1 libnettle8 libpcre2-8-0 libxxhash0 liblua5.4-0", "lighttpd", undefined),
  "alone",
];
const SERVER = "/srv/server";
const FILES = "/srv/site";

/** Below this many bytes a compressed form saves nothing worth a file. */
const WORTH = 1024;

/** The steps that bring a server and prepare the files, and what the image gets of them. `PACKAGES_UNAVAILABLE` */
export function serveSite(
  site: Site,
  steps: Plan["steps"],
  distribution: Distribution,
): Pick<Parts, "steps" | "deploy"> {
  if (distribution.ecosystem === "nix") {
    throw packagesUnavailable(distribution, "lighttpd with its module for Lua, which serves a site,");
  }
  const isDebian = distribution.ecosystem === "apt";
  const files: PlanCopy = { from: site.from, source: site.source, target: `${FILES.slice(1)}${SITE_ROOT}` };
  return {
    steps: {
      ...steps,
      server: {
        root: [
          referenceTo(distribution, [
            SERVER_PACKAGES,
            same("brotli"),
            ...TOOLS,
            // Debian's base has both.
            ...(isDebian ? [] : (["shell", "coreutils"] as const)),
          ]),
        ],
        files: [
          { path: `${SERVER}/etc/lighttpd/lighttpd.conf`, text: serverConfiguration() },
          { path: `${SERVER}/etc/lighttpd/serve.lua`, text: serveScript(site.pages, site.immutable) },
          ...(isDebian ? [{ path: "/srv/gather", text: gather() }] : []),
          { path: "/srv/prepare", text: prepare() },
        ],
        commands: isDebian ? [["sh", "-eu", "/srv/gather"]] : [],
      },
      site: { after: "server", copies: [files], commands: [["sh", "-eu", "/srv/prepare"]] },
    },
    deploy: {
      root: [referenceTo(distribution, UNDER_IT)],
      copies: [
        { from: "server", source: SERVER, target: "." },
        { from: "site", source: FILES, target: "." },
      ],
      start: ["/usr/sbin/lighttpd", "-D", "-f", "/etc/lighttpd/lighttpd.conf"],
      environment: { PORT: "8080" },
      ports: [8080],
    },
  };
}

/** What of the packages is the server, and dpkg's record of it. */
function gather(): string {
  return lines(
    `mkdir -p ${SERVER}/usr/sbin ${SERVER}/usr/lib/lighttpd ${SERVER}/var/lib/dpkg/status.d`,
    `cp /usr/sbin/lighttpd ${SERVER}/usr/sbin`,
    `cp /usr/lib/lighttpd/mod_magnet.so ${SERVER}/usr/lib/lighttpd`,
    "for package in lighttpd lighttpd-modules-lua; do",
    `  dpkg-query --status "$package" > "${SERVER}/var/lib/dpkg/status.d/$package"`,
    "done",
  );
}

/** Each file's tag, of its content; and each that is text a second and a third time, compressed. */
function prepare(): string {
  const names = COMPRESSED.map((suffix) => `-name '*.${suffix}'`).join(" -o ");
  return lines(
    `mkdir -p ${FILES}/etc/lighttpd`,
    `cd ${FILES}${SITE_ROOT}`,
    "{",
    "  echo 'return {'",
    "  find . -type f -print0 | sort -z | xargs -0r sha256sum | grep -v '^\\\\' |",
    `    sed -E 's/^(.{16})\\S* +\\.(.*)$/["\\2"]="\\1",/'`,
    "  echo '}'",
    `} > ${FILES}/etc/lighttpd/etags.lua`,
    `find . -type f -size +${WORTH - 1}c \\( ${names} \\) -print0 > /tmp/compressed`,
    "xargs -0r gzip --keep --no-name --best --force < /tmp/compressed",
    "xargs -0r brotli --keep --best --force < /tmp/compressed",
  );
}

function lines(...all: readonly string[]): string {
  return `${all.join("\n")}\n`;
}
