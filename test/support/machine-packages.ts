import { readFileSync, realpathSync, symlinkSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import {
  apkDirectory,
  type ApkContent,
  type ApkFile,
  makeApk,
  makeApkSigner,
  writeApkRepository,
} from "./apk-repository.ts";
import { run } from "./program.ts";

/** A mirror of Alpine's form, whose packages have this machine's own files, and the key that vouches for them. */
export interface MachineMirror {
  readonly directory: string;
  readonly key: string;
}

/**
 * Packages of Alpine's names for a shell and for Node: busybox with what Alpine has apart from it, tini,
 * Node with the libraries that it names. As `v3.22` and `latest-stable`.
 */
export async function machineMirror(
  directory: string,
  programs: { readonly busybox: string; readonly tini: string },
): Promise<MachineMirror> {
  const node = realpathSync(process.execPath);
  const libraries = await librariesOf(node);
  const contents: readonly ApkContent[] = [
    holding("busybox", { "bin/busybox": programs.busybox }),
    ...["coreutils", "findutils", "grep", "sed", "socat", "icu-data-full", "tzdata"].map((name) => ({
      name,
      record: ["D:busybox"],
      info: ["depend = busybox"],
    })),
    holding("tini", { "sbin/tini": programs.tini }),
    holding("nodejs", { "usr/bin/node": node, ...libraries }),
    holding("alpine-baselayout-data", { "etc/services": "/etc/services" }, 0o644),
    holding(
      "ca-certificates-bundle",
      { "etc/ssl/certs/ca-certificates.crt": "/etc/ssl/certs/ca-certificates.crt" },
      0o644,
    ),
  ];
  const signer = makeApkSigner();
  const main = join(directory, "v3.22/main");
  writeApkRepository(
    main,
    contents.map((content) => makeApk(content, signer)),
    { signer },
  );
  writeApkRepository(join(directory, "v3.22/community"), [], { signer });
  symlinkSync("v3.22", join(directory, "latest-stable"));
  return { directory, key: join(main, signer.name) };
}

/** A package of files of this machine, by where they are to lie. */
function holding(name: string, files: Readonly<Record<string, string>>, mode = 0o755): ApkContent {
  const directories = new Set(Object.keys(files).flatMap(parents));
  const members: readonly ApkFile[] = Object.entries(files).map(([path, from]) => ({
    path,
    content: readFileSync(from),
    mode,
  }));
  return { name, files: [...[...directories].toSorted().map((path) => apkDirectory(path)), ...members] };
}

function parents(path: string): readonly string[] {
  const directory = dirname(path);
  return directory === "." ? [] : [...parents(directory), directory];
}

/** Where ld.so finds them, as `ldd` says; each at the place where it lies here. */
async function librariesOf(program: string): Promise<Readonly<Record<string, string>>> {
  const { stdout } = await run("ldd", [program]);
  const paths = [...stdout.matchAll(/(\/\S+) \(0x/g)].map(([, path = ""]) => path);
  return Object.fromEntries(
    paths.map((path) => [
      path.startsWith("/lib64/") ? `lib64/${basename(path)}` : path.slice(1),
      realpathSync(path),
    ]),
  );
}
