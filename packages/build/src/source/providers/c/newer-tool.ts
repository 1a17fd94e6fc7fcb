import { distributionOf } from "../../distribution/distribution.ts";
import { referenceTo } from "../../distribution/reference.ts";
import type { Settings } from "../provider.ts";
import { accepts } from "../../versions/accepts.ts";
import type { Toolchain } from "./build-system.ts";

interface Tool {
  /** Of Debian 12; Alpine and nixpkgs have none that is older. */
  readonly debian: string;
  /** The one that is taken where Debian's is too old: of its makers' own packages for pip. */
  readonly newest: string;
  readonly variable: string;
  readonly path: string;
  readonly environment: Readonly<Record<string, string>>;
}

const PLACE = "/opt/build-tool";

const TOOLS = {
  cmake: {
    debian: "3.25.1",
    newest: "4.4.5",
    variable: "CMAKE_VERSION",
    path: `${PLACE}/cmake/data/bin`,
    environment: {},
  },
  meson: {
    debian: "1.0.1",
    newest: "1.12.1",
    variable: "MESON_VERSION",
    path: `${PLACE}/bin`,
    environment: { PYTHONPATH: PLACE },
  },
} as const satisfies Readonly<Record<string, Tool>>;

/**
 * Where a source needs a newer CMake or Meson than Debian's, or the setting names one: that, from the
 * packages that its makers publish for pip. Undefined where Debian's will do.
 */
export function newerTool(
  name: keyof typeof TOOLS,
  wanted: string | undefined,
  settings: Settings,
): Toolchain | undefined {
  const { debian, newest, variable, path, environment }: Tool = TOOLS[name];
  const set = settings.variables[variable];
  if (set === undefined && (wanted === undefined || accepts(`>=${wanted}`, debian))) return undefined;
  return {
    path,
    environment,
    step: {
      root: [referenceTo(distributionOf(settings), ["python", "pip", "certificates", "shell", "coreutils"])],
      directory: "/",
      commands: [
        [
          "python3 -m pip install --no-input --disable-pip-version-check --no-compile --root-user-action=ignore",
          `--target ${PLACE} ${name}==${set ?? newest}`,
        ].join(" "),
      ],
      caches: [{ id: "pip", target: "/root/.cache/pip", sharing: "shared" }],
      network: "host",
      configuration: ["pip", "certificates"],
    },
  };
}

export const TOOL_PLACE = PLACE;
