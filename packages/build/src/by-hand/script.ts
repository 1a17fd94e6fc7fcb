import { comparePaths, decodePath, encodePath, GNU_TAR_OPTIONS } from "@cooper/archive";
import type { PathString } from "@cooper/archive";
import type { Descriptor, DiffId, ImageManifest } from "@cooper/oci";
import { readdirSync } from "node:fs";
import { BuildError } from "../errors.ts";
import { LAYOUT_FILE } from "./step.ts";

export interface ScriptFacts {
  readonly directory: string;
  /** Seconds since 1970 that all files get. */
  readonly epoch: number;
  readonly config: Uint8Array;
  readonly diffId: DiffId;
  readonly manifest: ImageManifest;
  readonly tag: string;
}

/**
 * A POSIX shell script that makes the same image with nothing but tar, gzip, sha256sum, wc and cat,
 * and teaches it as it goes. What it makes has the same DiffID and the same config digest; how well
 * gzip compresses is its own affair, so the manifest's digest may differ. Bytes, since file names
 * need not be text.
 */
export function byHandScript(facts: ScriptFacts): Buffer {
  const { manifest } = facts;
  const type = manifest.mediaType ?? "";
  const parts: readonly (string | Buffer)[] = [
    HEAD,
    "directory=",
    quote(facts.directory),
    "\n[ $# -lt 1 ] || directory=$1\nout=${2:-image}\n",
    LAYER,
    "  ",
    tarCommand({ directory: '"$directory"', epoch: facts.epoch, names: topLevelNames(facts.directory) }),
    "\n",
    HASHES,
    configLines(facts),
    MANIFEST,
    `manifest='{"schemaVersion":2,"mediaType":"${type}",'\n`,
    `manifest=$manifest'"config":{"mediaType":"${manifest.config.mediaType}",'\n`,
    `manifest=$manifest'"digest":"sha256:'$config_hash'","size":'$config_size'},'\n`,
    `manifest=$manifest'"layers":[{"mediaType":"${layerOf(manifest).mediaType}",'\n`,
    `manifest=$manifest'"digest":"sha256:'$layer_hash'","size":'$layer_size'}]}'\n`,
    INDEX,
    `index='{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json",'\n`,
    `index=$index'"manifests":[{"mediaType":"${type}",'\n`,
    `index=$index'"digest":"sha256:'$manifest_hash'","size":'$manifest_size','\n`,
    `index=$index'"annotations":{"org.opencontainers.image.ref.name":'`,
    quote(JSON.stringify(facts.tag)),
    `'}}]}'\n`,
    LAYOUT,
    `printf '%s' '${LAYOUT_FILE}' | cat > "$out/oci-layout"\n`,
    TAIL,
    `[ "$diff_hash" = ${facts.diffId.slice("sha256:".length)} ] ||\n`,
    `  echo "note: these are not the files that this script was written for: the DiffID differs" >&2\n`,
  ];
  return Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part)));
}

/** The tar command that writes a layer's bytes, as a person would type it. */
export function tarCommandFor(directory: string, epoch: number): string {
  const names = topLevelNames(directory);
  return tarCommand({ directory: quote(directory).toString(), epoch, names }).toString();
}

/** What the directory holds, by bytes: named one by one, so that the archive has no entry for `./`. */
function topLevelNames(directory: string): readonly PathString[] {
  let names: readonly Buffer[];
  try {
    names = readdirSync(directory, { encoding: "buffer" });
  } catch (error) {
    throw new BuildError("DIRECTORY_MISSING", `${directory} is not a directory that can be read`, {
      cause: error,
      kind: "usage",
      fields: { directory },
    });
  }
  return names.map((name) => decodePath(name)).toSorted(comparePaths);
}

interface TarCommand {
  readonly directory: string;
  readonly epoch: number;
  readonly names: readonly PathString[];
}

function tarCommand({ directory, epoch, names }: TarCommand): Buffer {
  const options = GNU_TAR_OPTIONS.filter(
    (option) => !["--null", "--verbatim-files-from", "--files-from=-"].includes(option),
  )
    .map((option) => (option === "--mtime=@0" ? `--mtime=@${epoch}` : option))
    .map((option) => (/[%,]/.test(option) ? `'${option}'` : option));
  const list = names.length === 0 ? ["--files-from=/dev/null"] : ["--", ...names.map(quote)];
  const words = ["tar", ...options, `--directory=${directory}`, ...list];
  return Buffer.concat(words.flatMap((word, i) => [Buffer.from(i === 0 ? "" : " "), Buffer.from(word)]));
}

/** The config, a line of the script for each of its fields, with the DiffID put in by the shell. */
function configLines({ config, diffId }: ScriptFacts): string {
  const json = Buffer.from(config).toString("utf8");
  const fields: Readonly<Record<string, unknown>> = JSON.parse(json);
  const lines = Object.entries(fields).map(([name, value], i) => {
    const comment = FIELD_COMMENTS[name];
    const field = `${i === 0 ? "{" : ","}${JSON.stringify(name)}:${JSON.stringify(value)}`;
    return { comment: comment === undefined ? "" : `# ${comment}\n`, field };
  });
  // Where the fields do not give the very bytes again, they go in whole: the digest is what counts.
  const same = `${lines.map(({ field }) => field).join("")}}` === json;
  const chosen = same ? [...lines, { comment: "", field: "}" }] : [{ comment: "", field: json }];
  const hash = diffId.slice("sha256:".length);
  return chosen
    .map(
      ({ comment, field }) =>
        `${comment}config=$config${quote(field).toString().replaceAll(hash, "'$diff_hash'")}\n`,
    )
    .join("");
}

const FIELD_COMMENTS: Readonly<Record<string, string>> = {
  created: "When it was made. Fixed, so that it can be made again with the same digest.",
  architecture: "The processor it is for: a runtime refuses, or emulates, any other.",
  os: "And the system.",
  config: "How to start it: what to run, as whom, where, with which environment.",
  rootfs: "The layers, by the hash of their uncompressed tar, the base first.",
  history: "How it came to be: for people only.",
};

function layerOf(manifest: ImageManifest): Descriptor {
  const [layer] = manifest.layers;
  if (layer === undefined) throw new Error("unreachable: an image by hand has a layer");
  return layer;
}

/** For the shell: in single quotes, whatever is in it. */
function quote(text: string): Buffer {
  return encodePath(`'${text.replaceAll("'", `'\\''`)}'`);
}

const HEAD = `#!/bin/sh
# Makes a container image by hand, with nothing but tar, gzip, sha256sum, wc and cat.
# Usage: sh THIS [DIRECTORY [OUT]]   OUT becomes an OCI image layout: skopeo inspect oci:OUT
# Written by: cooper by-hand --script
set -eu
`;

const LAYER = `mkdir -p "$out/blobs/sha256"

# A blob is named after the hash of its bytes. sha256sum prints the hash and a name: the name goes.
hash_of() {
  set -- $(sha256sum)
  echo "$1"
}
size_of() {
  echo $(($(wc -c < "$1")))
}

# 1. A layer is a tar of files. Everything that differs from machine to machine is fixed: the order
#    of the names, the owners, the times. So the same files give the same bytes, each time.
pack() {
`;

const HASHES = `}

# 2. The hash of the tar as it is: the layer's DiffID.
diff_hash=$(pack | hash_of)
echo "diffID    sha256:$diff_hash"

# 3. The layer's blob is the tar compressed; -n leaves out what would differ, a file's name and time.
layer_hash=$(pack | gzip -n | hash_of)
pack | gzip -n > "$out/blobs/sha256/$layer_hash"
layer_size=$(size_of "$out/blobs/sha256/$layer_hash")
echo "layer     sha256:$layer_hash ($layer_size bytes)"

# 4. The config says what the image is and how to start it. It names the layer by its DiffID.
config=
`;

const MANIFEST = `config_hash=$(printf '%s' "$config" | hash_of)
printf '%s' "$config" | cat > "$out/blobs/sha256/$config_hash"
config_size=$(size_of "$out/blobs/sha256/$config_hash")
echo "config    sha256:$config_hash"

# 5. The manifest holds config and layers together: what each is, its digest, its size in bytes.
`;

const INDEX = `manifest_hash=$(printf '%s' "$manifest" | hash_of)
printf '%s' "$manifest" | cat > "$out/blobs/sha256/$manifest_hash"
manifest_size=$(size_of "$out/blobs/sha256/$manifest_hash")

# 6. index.json is the way in: it lists the manifest, under a name.
`;

const LAYOUT = `printf '%s' "$index" | cat > "$out/index.json"

# 7. And oci-layout says that this directory is an image layout.
`;

const TAIL = `echo "manifest  sha256:$manifest_hash"
`;
