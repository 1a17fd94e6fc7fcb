import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

/**
 * Flags that give a generated Dockerfile this machine's configuration of package managers, as far as it has any: to
 * `docker build` and `buildah bud` what Cooper's own steps are shown.
 */
export function configurationSecrets(): readonly string[] {
  const files: Readonly<Record<string, string>> = {
    npmrc: join(homedir(), ".npmrc"),
    "pip.conf": "/etc/pip.conf",
    certificates: "/etc/ssl/certs/ca-certificates.crt",
  };
  return Object.entries(files).flatMap(([id, path]) =>
    existsSync(path) ? ["--secret", `id=${id},src=${path}`] : [],
  );
}
