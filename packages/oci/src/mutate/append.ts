import type { HistoryEntry } from "../config.ts";
import type { Content, Layer } from "../model.ts";
import { configOf, convertLayer, filledHistory, formatOf } from "./parts.ts";
import { changeContent } from "./scope.ts";
import type { Changed, Scope } from "./scope.ts";

/** A layer with what history says of it. */
export interface Addition {
  readonly layer: Layer;
  /** Default: that it was appended. No time is made up. */
  readonly history?: HistoryEntry | undefined;
}

/**
 * Puts layers on top, the first one lowest. A layer gets the media type of the image's family
 * (`UNREPRESENTABLE` for zstd in Docker's). On an index, on each of its images: a layer that is
 * still to be made is made once for all of them. `NOT_AN_IMAGE` for an artifact.
 */
export function append<Given extends Content>(
  content: Given,
  additions: readonly (Layer | Addition)[],
  scope: Scope = {},
): Changed<Given> {
  const added = additions.map((addition) => ("layer" in addition ? addition : { layer: addition }));
  return changeContent(
    content,
    {
      image: {
        parts: (parts) => {
          if (added.length === 0) return parts;
          const config = configOf(parts);
          const format = formatOf(parts);
          const history = [
            ...filledHistory(config.history, parts.layers.length),
            ...added.map(({ history: entry }) => entry ?? { created_by: "cooper append" }),
          ];
          const layers = [...parts.layers, ...added.map(({ layer }) => convertLayer(layer, format))];
          return { ...parts, config: { ...config, history }, layers };
        },
      },
    },
    scope,
  );
}
