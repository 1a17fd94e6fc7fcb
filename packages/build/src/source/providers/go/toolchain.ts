import type { Distribution } from "../../distribution/distribution.ts";
import { referenceTo } from "../../distribution/reference.ts";
import type { PlanStep } from "../../plan/plan.ts";
import type { Settings } from "../provider.ts";
import type { Source } from "../../project/source.ts";
import { chooseVersion } from "../../versions/choose.ts";
import { wantedVersion } from "../../versions/wanted.ts";

/** The last of each line of Go that toolchains switch between, the newest first; as of November 2026. */
const VERSIONS = ["1.27.4", "1.26.11", "1.25.14", "1.24.13", "1.23.12", "1.22.12", "1.21.13"] as const;

/**
 * The version of Go that compiles a source. A whole version is that one. What go.mod's `go`
 * and `toolchain` lines say is a lower bound, and programs behave as it says under any later Go: its line's
 * last version, which has all corrections; the newest one for lines that are older than toolchains. `VERSION_UNAVAILABLE`
 */
export function goVersion(source: Source, settings: Settings): string {
  const wanted = wantedVersion(source, settings, "go")?.version;
  if (wanted === undefined) return VERSIONS[0];
  const [, bound, line = "", minor = "", patch] =
    /^(>=)?((?:1)\.(\d+))(?:\.(\d+)|((?:rc|beta)\d+))?$/.exec(wanted) ?? [];
  if (line === "") return chooseVersion(source, settings, "go", VERSIONS);
  if (bound === undefined && wanted !== line) return wanted;
  const last = VERSIONS.find((version) => version.startsWith(`${line}.`));
  if (last !== undefined) return Number(patch ?? 0) > Number(last.split(".")[2]) ? `${line}.${patch}` : last;
  return Number(minor) < OLDEST ? VERSIONS[0] : `${line}.${patch ?? 0}`;
}

/** Before this line there was nothing between a line of Go and its last version to choose from. */
const OLDEST = 21;

/** What fetches modules. */
const FETCHER = { title: "Go", apt: "golang-1.19-go", apk: "go", nix: "go" } as const;

/** Where the toolchain lies in a step that is shown it. */
export const GO_ROOT = "/usr/local/go";

/**
 * Go of an exact version. The module mirror that the host's configuration names has all of them as
 * versions of a module, and Go's checksum database vouches for them; the distribution's Go, which is older,
 * fetches them. They stand alone, so that they run over any C library. Nothing of the application is in it: one step serves all that want this version.
 */
export function toolchainStep(version: string, distribution: Distribution): PlanStep {
  const module = `golang.org/toolchain@v0.0.1-go${version}.linux-$(go env GOARCH)`;
  return {
    root: [referenceTo(distribution, [FETCHER, "certificates", "shell", "coreutils", "grep", "sed"])],
    directory: "/",
    environment: {
      PATH: "/usr/lib/go-1.19/bin:/usr/bin:/bin",
      GOPATH: "/root/go",
      GO111MODULE: "on",
    },
    commands: [
      [
        `if ! go mod download -modcacherw "${module}"; then`,
        `  echo "Go ${version} cannot be had. Set GO_VERSION to one of these:"`,
        `  go list -m -versions golang.org/toolchain | tr ' ' '\\n' | sed -n "s/^v0.0.1-go\\(.*\\)\\.linux-$(go env GOARCH)\\$/\\1/p" | sort -V | tail -n 40 | tr '\\n' ' '`,
        "  exit 1",
        "fi",
        // Zip files of modules have no modes.
        `mv "/root/go/pkg/mod/${module}" ${GO_ROOT}`,
        `chmod +x ${GO_ROOT}/bin/* ${GO_ROOT}/pkg/tool/*/*`,
        `rm -rf /root/go /root/.cache ${GO_ROOT}/api ${GO_ROOT}/doc ${GO_ROOT}/test`,
        `${GO_ROOT}/bin/go version`,
      ].join("\n"),
    ],
    network: "host",
    configuration: ["go", "certificates"],
  };
}
