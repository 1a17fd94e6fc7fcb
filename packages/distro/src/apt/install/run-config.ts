import type { RunConfig } from "@cooper/oci";
import type { PackageRequest } from "../../ecosystem/ecosystem.ts";
import type { RootTree } from "../../rootfs/tree.ts";
import { findProgram } from "../script/program.ts";

const CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt";

/**
 * How a container of the image starts: as the program of the one package that was asked for, if it has
 * one of its own name; else as a shell.
 */
export function runConfigOf(tree: RootTree, request: PackageRequest): RunConfig {
  const environment = [
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "LANG=C.UTF-8",
    // Whoever may write there would change the image's files, and in a container it is lost anyway.
    "PYTHONDONTWRITEBYTECODE=1",
    ...(tree.file(CERTIFICATES) === undefined ? [] : [`SSL_CERT_FILE=${CERTIFICATES}`]),
  ];
  const command = commandOf(tree, request);
  return { Env: environment, ...(command === undefined ? {} : { Cmd: [command] }) };
}

function commandOf(tree: RootTree, { packages }: PackageRequest): string | undefined {
  const asked = packages.filter((request) => !/^[?+]/.test(request));
  const names = asked.map((request) => request.replace(/[=:@/].*$/, ""));
  const [only] = names;
  if (names.length === 1 && only !== undefined && findProgram(tree, only) !== undefined) return only;
  return ["/bin/bash", "/bin/sh"].find((shell) => findProgram(tree, shell) !== undefined);
}
