import { distributionOf, packagesUnavailable } from "../distribution/distribution.ts";
import { detect } from "../providers/detect.ts";
import { chooseProviders, noProvider } from "../providers/choose.ts";
import { compose } from "./compose.ts";
import { finishPlan } from "./finish-plan.ts";
import { layOver, settingsOfOverlay } from "../overlay/lay.ts";
import { withPackages } from "../overlay/packages.ts";
import type { Overlay } from "../overlay/read.ts";
import type { Plan } from "./plan.ts";
import type { Match, Settings } from "../providers/provider.ts";
import { settingsOver, SPLICE } from "../overlay/settings.ts";
import type { Source } from "../project/source.ts";

/**
 * The plan of a source. From what counts least to what counts most: the provider, the Procfile, the
 * project's own file, and `above`: the environment and flags. `NO_PROVIDER`, `PROVIDER_UNKNOWN`,
 * `CONFIGURATION_INVALID`, `OPTION_INVALID`, `PACKAGES_UNAVAILABLE`, and what providers throw
 */
export function planSource(source: Source, above: Settings, overlay?: Overlay): Plan {
  const settings = settingsWith(above, overlay);
  const provided = provide(source, settings, overlay);
  const laid = overlay === undefined ? provided : layOver(provided, overlay, above);
  return withPackages(laid, settings.packages ?? {}, distributionOf(settings));
}

/** A provider that matches, and what becomes of it. */
export interface ChosenMatch extends Match {
  /** Whether it starts the application, joins in with what it builds, or is not asked. */
  readonly part: "starts" | "joins" | "none";
}

/** Every provider that matches or is named, why, and what its part is. `PROVIDER_UNKNOWN` */
export function detectProviders(source: Source, above: Settings, overlay?: Overlay): readonly ChosenMatch[] {
  const { providers } = settingsWith(above, overlay);
  const chosen = chooseProviders(source, providers).map(({ name }) => name);
  const matches = detect(source);
  const unmatched = chosen.filter((name) => matches.every(({ provider }) => provider !== name));
  return [...matches, ...unmatched.map((provider) => ({ provider, reason: "named" }))].map((match) => ({
    ...match,
    part: chosen[0] === match.provider ? "starts" : chosen.includes(match.provider) ? "joins" : "none",
  }));
}

/** What a plan is made with: `above` over what the project's own file says. */
export function settingsWith(above: Settings, overlay: Overlay | undefined): Settings {
  return overlay === undefined ? above : settingsOver(settingsOfOverlay(overlay), above);
}

function provide(source: Source, settings: Settings, overlay: Overlay | undefined): Plan {
  const command = overlay?.file.deploy?.command;
  const isStartSaid = command !== undefined && !command.includes(SPLICE);
  const distribution = distributionOf(settings);
  const [first, ...others] = chooseProviders(source, settings.providers);
  for (const { name, ecosystems = ["apt"] } of [first ?? [], others].flat()) {
    if (!ecosystems.includes(distribution.ecosystem))
      throw packagesUnavailable(distribution, `what ${name} needs`, name);
  }
  if (first !== undefined) {
    // Commands are about the first one; and what only joins need not say how it is started.
    const { variables, packages } = settings;
    const joining = { variables, packages, startCommand: ANY_START };
    return compose(
      first.plan(
        source,
        isStartSaid ? { ...settings, startCommand: settings.startCommand ?? ANY_START } : settings,
      ),
      others.map((provider) => provider.plan(source, joining)),
    );
  }
  if (overlay?.file.deploy === undefined) throw noProvider(source);
  const copies = [{ from: "source", source: ".", target: "app" }];
  const parts = { name: overlay.path, steps: {}, deploy: { root: [], copies, start: command } };
  return { ...finishPlan(parts, source, settings), providers: [] };
}

/** For a provider that need not find out how the application starts: somebody says so. */
const ANY_START = "true";
