import { digestHex } from "@cooper/oci";
import { parseNixHash } from "../../nix/store/hash.ts";
import { packageNames, parseStorePath } from "../../nix/store/store-path.ts";
import { purlOf } from "../purl.ts";
import type { Component } from "../sbom.ts";
import type { Database } from "./database.ts";

/** The registration of store paths that `nix-store --load-db` takes, which images of Nix packages have. */
export const nixDatabase: Database = {
  reads: (path) => path === "nix-path-registration",
  components: (files) => files.flatMap(({ text }) => registered(text)),
};

/** For each path: path, hash, size, deriver, number of references, and these. */
function registered(text: string): readonly Component[] {
  const lines = text.split("\n");
  const components: Component[] = [];
  for (let at = 0; at + 4 < lines.length;) {
    const [path = "", hash = "", , deriver = "", count = ""] = lines.slice(at, at + 5);
    const store = parseStorePath(path);
    if (store === undefined || !/^\d{1,6}$/u.test(count)) break;
    const derivation = parseStorePath(deriver)?.name.replace(/\.drv$/u, "");
    const { name, version, origin, originVersion } = packageNames(store, derivation);
    const digest = parseNixHash(hash);
    components.push({
      kind: "nix",
      name,
      version,
      purl: purlOf({ kind: "nix", name, version, architecture: "", distribution: "", release: "" }),
      license: "",
      description: "",
      homepage: "",
      checksum: digest === undefined ? undefined : { algorithm: "SHA-256", hex: digestHex(digest) },
      source: { name: origin, version: originVersion },
    });
    at += 5 + Number(count);
  }
  return components;
}
