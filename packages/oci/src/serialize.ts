import type { ImageConfig } from "./config.ts";
import type { Descriptor } from "./descriptor.ts";
import { serializeJson } from "./json.ts";
import type { ImageManifest, IndexManifest } from "./manifest.ts";
import { isRecord } from "./schema.ts";

/*
 * How Cooper writes what it makes anew (docs/model.md, "Bytes"): the keys of the specification in the
 * order in which its own Go types have them, so that other tools give the same bytes for the same
 * content; then all other keys as they stood. Annotations, labels, ports and volumes, whose order
 * means nothing, are sorted. What is not changed is never written again: its bytes are kept.
 */

export function serializeManifest(manifest: ImageManifest): Uint8Array {
  const { config, layers } = manifest;
  return serializeJson(
    inOrder(
      { ...withSubject(manifest), config: descriptor(config), layers: layers.map(descriptor) },
      MANIFEST_KEYS,
    ),
  );
}

export function serializeIndex(index: IndexManifest): Uint8Array {
  return serializeJson(
    inOrder({ ...withSubject(index), manifests: index.manifests.map(descriptor) }, INDEX_KEYS),
  );
}

export function serializeConfig(config: ImageConfig): Uint8Array {
  const { config: run, rootfs, history } = config;
  return serializeJson(
    inOrder(
      {
        ...config,
        rootfs: inOrder(rootfs, ["type", "diff_ids"]),
        ...(run === undefined
          ? {}
          : {
              config: inOrder(
                {
                  ...run,
                  ExposedPorts: sorted(run.ExposedPorts),
                  Volumes: sorted(run.Volumes),
                  Labels: sorted(run.Labels),
                },
                RUN_KEYS,
              ),
            }),
        ...(history === undefined ? {} : { history: history.map((entry) => inOrder(entry, HISTORY_KEYS)) }),
      },
      CONFIG_KEYS,
    ),
  );
}

const MANIFEST_KEYS = "schemaVersion mediaType artifactType config layers subject annotations".split(" ");
const INDEX_KEYS = "schemaVersion mediaType artifactType manifests subject annotations".split(" ");
const DESCRIPTOR_KEYS = "mediaType digest size urls annotations data platform artifactType".split(" ");
const PLATFORM_KEYS = "architecture os os.version os.features variant".split(" ");
const CONFIG_KEYS = ["created", "author", ...PLATFORM_KEYS, "config", "rootfs", "history"];
const RUN_KEYS = (
  "User ExposedPorts Env Entrypoint Cmd Volumes WorkingDir Labels StopSignal ArgsEscaped " +
  "Healthcheck Shell OnBuild"
).split(" ");
const HISTORY_KEYS = "created created_by author comment empty_layer".split(" ");

function withSubject(document: ImageManifest | IndexManifest): object {
  const { subject } = document;
  return {
    ...document,
    annotations: sorted(document.annotations),
    ...(subject === undefined ? {} : { subject: descriptor(subject) }),
  };
}

function descriptor(value: Descriptor): object {
  const { platform } = value;
  return inOrder(
    {
      ...value,
      annotations: sorted(value.annotations),
      ...(platform === undefined ? {} : { platform: inOrder(platform, PLATFORM_KEYS) }),
    },
    DESCRIPTOR_KEYS,
  );
}

/** JSON.stringify leaves out what is undefined. */
function inOrder(value: object, keys: readonly string[]): object {
  if (!isRecord(value)) return value;
  const first = Object.fromEntries(keys.filter((key) => key in value).map((key) => [key, value[key]]));
  return { ...first, ...Object.fromEntries(Object.entries(value).filter(([key]) => !keys.includes(key))) };
}

function sorted<Value>(record: Readonly<Record<string, Value>> | undefined): object | undefined {
  if (record === undefined) return undefined;
  const entries = Object.entries(record);
  // By code points, as Go sorts the keys of a map, and not by UTF-16 units.
  return Object.fromEntries(entries.toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
}
