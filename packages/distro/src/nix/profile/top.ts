import { comparePaths, type TarInput } from "@cooper/archive";
import { digestHex } from "@cooper/oci";
import { formatNixHash } from "../store/hash.ts";
import { STORE_DIRECTORY, storePathOf } from "../store/store-path.ts";
import type { SolvedPath } from "../details.ts";
import { STORE_TIME } from "../nar/members.ts";
import type { FarmDirectory } from "./farm.ts";

/** Where programs look for certificate authorities; the first is cacert's own. */
export const CA_BUNDLE = "/etc/ssl/certs/ca-bundle.crt";
const CA_BUNDLE_ELSEWHERE = "etc/ssl/certs/ca-certificates.crt";

/** Root, and the user that owns nothing. */
const PASSWD = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n";
const GROUP = "root:x:0:\nnobody:x:65534:\n";

export interface TopOptions {
  readonly farm: FarmDirectory;
  /** Where `env` lies, if anywhere. */
  readonly env: string | undefined;
  /** Every store path of the image. */
  readonly paths: readonly SolvedPath[];
}

/** What belongs to the image and to no package: links to what was asked for, and what every program expects. */
export function topMembers({ farm, env, paths }: TopOptions): readonly TarInput[] {
  const members = new Map<string, TarInput>();
  const add = (member: TarInput): void => {
    if (!members.has(member.path)) members.set(member.path, { mtime: STORE_TIME, ...member });
  };
  const link = (path: string, linkPath: string): void => add({ path, type: "symlink", linkPath });
  const file = (path: string, text: string): void => add({ path, type: "file", bytes: Buffer.from(text) });
  const addFarm = (place: string, { children }: FarmDirectory): void => {
    for (const [name, node] of children) {
      const path = `${place}${name}`;
      if (node.type === "link") link(path, node.target);
      else {
        add({ path, type: "directory" });
        addFarm(`${path}/`, node);
      }
    }
  };
  addFarm("", farm);
  if (members.has(CA_BUNDLE.slice(1))) link(CA_BUNDLE_ELSEWHERE, "ca-bundle.crt");
  file("etc/passwd", PASSWD);
  file("etc/group", GROUP);
  file("nix-path-registration", registration(paths));
  add({ path: "root", type: "directory", mode: 0o700 });
  add({ path: "tmp", type: "directory", mode: 0o1777 });
  if (env !== undefined) link("usr/bin/env", env);
  for (const path of members.keys()) {
    for (let slash = path.lastIndexOf("/"); slash > 0; slash = path.lastIndexOf("/", slash - 1)) {
      add({ path: path.slice(0, slash), type: "directory" });
    }
  }
  return [...members.values()].toSorted((a, b) => comparePaths(a.path, b.path));
}

/**
 * All store paths, in the form that `nix-store --load-db` takes: with it, a Nix in the image knows what
 * is there. What is needed comes before what needs it, as the paths are.
 */
function registration(paths: readonly SolvedPath[]): string {
  const lines = paths.flatMap(({ storePath, narHash, narSize, references, deriver }) => [
    storePath,
    formatNixHash(digestHex(narHash)),
    String(narSize),
    deriver === undefined ? "" : storePathOf(deriver),
    String(references.length),
    ...references.map((base) => `${STORE_DIRECTORY}/${base}`),
  ]);
  return lines.map((line) => `${line}\n`).join("");
}
