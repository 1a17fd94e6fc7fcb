import type { Match, Provider } from "./provider.ts";
import { FALLBACKS, LANGUAGES } from "./table.ts";
import type { Source } from "../project/source.ts";

/**
 * Every provider that takes the source for one of its own: those that go by a manifest, those that go
 * by a file of code, and then what is for any application; in each the order in which they are asked.
 */
export function detect(source: Source): readonly Match[] {
  const languages = matchesOf(LANGUAGES, source);
  return [
    ...languages.filter((match) => !isGuess(match)),
    ...languages.filter(isGuess),
    ...matchesOf(FALLBACKS, source),
  ];
}

/** A stray script says less of what an application is than a list of what it needs. */
function isGuess({ reason }: Match): boolean {
  return CODE.test(reason) && reason !== "setup.py";
}

const CODE = /\.(?:[cm]?[jt]s|py|rb|php|go|rs|sh|c|cc|cpp|java|kt|exs?)$/;

function matchesOf(providers: readonly Provider[], source: Source): readonly Match[] {
  return providers.flatMap((provider) => {
    const reason = provider.detect(source);
    return reason === undefined ? [] : [{ provider: provider.name, reason }];
  });
}
