import { readTar, writeTar } from "@cooper/archive";
import type { ByteStream, Cancellable, TarInput, Timestamp } from "@cooper/archive";
import { isLayerType } from "../media-types.ts";
import type { Content, Layer } from "../model.ts";
import { configOf, remakeLayer } from "./parts.ts";
import { changeContent } from "./scope.ts";
import type { Changed, Scope } from "./scope.ts";

export interface TimeOptions extends Scope {
  /**
   * What becomes of the times of files: `keep` them and the layers with them (the default), `set` all
   * of them, or `clamp` those that are later. Layers that change are written anew.
   */
  readonly files?: "keep" | "set" | "clamp" | undefined;
}

/** Says that the image, and every step of its history, was made at `time`. `NOT_AN_IMAGE` for an artifact. */
export function withTime<Given extends Content>(
  content: Given,
  time: Date,
  { files = "keep", ...scope }: TimeOptions = {},
): Changed<Given> {
  const created = formatTime(time);
  const mtime = timestampOf(time);
  return changeContent(
    content,
    {
      image: {
        parts: (parts) => {
          const { history, ...config } = configOf(parts);
          return {
            ...parts,
            config: {
              ...config,
              created,
              ...(history === undefined ? {} : { history: history.map((entry) => ({ ...entry, created })) }),
            },
            layers:
              files === "keep" ? parts.layers : parts.layers.map((layer) => retime(layer, mtime, files)),
          };
        },
      },
    },
    scope,
  );
}

/** RFC 3339 in UTC, without a fraction of zero. */
function formatTime(time: Date): string {
  return time.toISOString().replace(".000Z", "Z");
}

function timestampOf(time: Date): Timestamp {
  const milliseconds = time.getTime();
  const seconds = Math.floor(milliseconds / 1000);
  return { seconds, nanoseconds: (milliseconds - seconds * 1000) * 1_000_000 };
}

function retime(layer: Layer, mtime: Timestamp, mode: "set" | "clamp"): Layer {
  if (!isLayerType(layer.mediaType)) return layer;
  return remakeLayer(layer, {
    tar: (options) => writeTar(retimed(layer.tar(options), mtime, mode, options), options),
  });
}

async function* retimed(
  tar: ByteStream,
  mtime: Timestamp,
  mode: "set" | "clamp",
  options: Cancellable,
): AsyncGenerator<TarInput, void, undefined> {
  for await (const member of readTar(tar, options)) {
    yield mode === "set" || isLater(member.mtime, mtime) ? { ...member, mtime } : member;
  }
}

function isLater(a: Timestamp, b: Timestamp): boolean {
  return a.seconds > b.seconds || (a.seconds === b.seconds && a.nanoseconds > b.nanoseconds);
}
