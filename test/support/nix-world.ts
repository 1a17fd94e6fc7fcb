import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { requireProgram, requireRoot, run } from "./program.ts";

/** A nixpkgs of a few packages that are made of Debian's static busybox, and the store they are built in. */
export interface NixWorld {
  readonly directory: string;
  /** The path of the set of packages. */
  readonly nixpkgs: string;
  readonly system: string;
  readonly environment: Readonly<Record<string, string>>;
  /** As nix.conf has it. */
  readonly publicKey: string;
  /** Builds attributes and gives their store paths. */
  build(...attributes: readonly string[]): Promise<readonly string[]>;
  /** Builds and copies attributes with all they need into a new signed cache, and gives its directory. */
  cache(options: NixCacheOptions, ...attributes: readonly string[]): Promise<string>;
}

export interface NixCacheOptions {
  readonly compression?: "xz" | "zstd" | "none" | "bzip2" | "gzip";
  readonly signed?: "signed" | "unsigned";
  readonly name?: string;
}

const PACKAGES = `
{ system }:
let
  busybox = make "busybox-1.35.0" { } ''
    mkdir -p $out/bin
    cp $seed $out/bin/busybox
    for name in sh ash; do ln -s busybox $out/bin/$name; done
  '';
  make = name: more: script: derivation ({
    inherit name system;
    seed = "\${./seed}/busybox";
    builder = "\${./seed}/busybox";
    args = [ "sh" "-e" "-c" ''
      for name in mkdir cp ln cat chmod printf touch; do eval "$name() { $seed $name \\"\\$@\\"; }"; done
      \${script}
    '' ];
  } // more);
  links = names: ''
    mkdir -p $out/bin
    for name in \${names}; do ln -s \${busybox}/bin/busybox $out/bin/$name; done
  '';
  program = name: text: ''
    mkdir -p $out/bin
    printf '#!\${busybox}/bin/sh\\n%s\\n' '\${text}' > $out/bin/\${name}
    chmod +x $out/bin/\${name}
  '';
  greeting = make "greeting-1.0" { } "mkdir -p $out/share/greeting; printf 'hello from the store\\n' > $out/share/greeting/text";
in rec {
  inherit busybox;
  bashInteractive = make "bash-interactive-5.2" { } (program "bash" ''exec \${busybox}/bin/sh "$@"'' + "ln -s bash $out/bin/sh");
  bash = bashInteractive;
  tini = make "tini-0.19" { tini = "\${./seed}/tini"; } "mkdir -p $out/bin; cp $tini $out/bin/tini";
  tzdata = make "tzdata-2024a" { } "mkdir -p $out/share/zoneinfo; touch $out/share/zoneinfo/UTC";
  coreutils = make "coreutils-9.5" { } (links "cat chmod chown echo env id ls mkdir cp sha256sum stat touch");
  moreutils = make "moreutils-0.69" { } (program "ts" "echo ts" + program "echo" "echo not this one");
  nano = make "nano-8.0" { } (program "nano" "echo nano");
  hello = make "hello-2.12" { outputs = [ "out" "dev" ]; } (program "hello" "exec \${busybox}/bin/busybox cat \${greeting}/share/greeting/text" + ''
    mkdir -p $out/share/doc $dev/include
    echo $out > $out/share/doc/self
    touch $dev/include/hello.h
  '') // { version = "2.12"; meta = { license = { spdxId = "GPL-3.0-or-later"; }; description = "Greets"; homepage = "urn:hello"; mainProgram = "hello"; }; };
  more-docs = make "more-docs-1" { } "mkdir -p $out/share/doc; touch $out/share/doc/more";
  cacert = make "nss-cacert-3.98" { } "mkdir -p $out/etc/ssl/certs; echo bundle > $out/etc/ssl/certs/ca-bundle.crt";
  iana-etc = make "iana-etc-20240318" { } "mkdir -p $out/etc; echo tcp > $out/etc/protocols; echo http > $out/etc/services";
  _1password = make "1password-cli-2.0" { } (program "op" "echo op");
  xorg = { xev = make "xev-1.2.4" { } (program "xev" "echo xev"); };
  haskellPackages = { foo = make "foo-0.1" { } (program "foo" "echo foo"); };
  linked = make "linked-1" { } "mkdir -p $out; ln -s \${hello}/bin $out/bin; ln -s /nowhere $out/lib";
  zeros = make "zeros-1" { } "mkdir -p $out/share; $seed dd if=/dev/zero of=$out/share/zeros bs=1048576 count=32 2>/dev/null";
  unfree = throw "unfree: refused";
}
`;

/** Debian's, of the package tini. */
const TINI = "/usr/bin/tini-static";

let made: Promise<NixWorld> | undefined;

/**
 * The world of this test file. Undefined, and a loud skip, where Nix, root or a static busybox is
 * missing: Nix builds in a namespace of its own.
 */
export async function nixWorld(t: TestContext): Promise<NixWorld | undefined> {
  const isThere =
    requireProgram(t, "nix", "nix-bin") !== undefined &&
    requireProgram(t, "busybox", "busybox-static") !== undefined &&
    requireRoot(t);
  return isThere ? await (made ??= makeWorld()) : undefined;
}

async function makeWorld(): Promise<NixWorld> {
  const directory = mkdtempSync(join(tmpdir(), "cooper-test-nix-"));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  const nixpkgs = join(directory, "packages");
  mkdirSync(join(nixpkgs, "seed"), { recursive: true });
  writeFileSync(join(nixpkgs, "default.nix"), PACKAGES);
  copyFileSync("/bin/busybox", join(nixpkgs, "seed/busybox"));
  chmodSync(join(nixpkgs, "seed/busybox"), 0o755);
  if (existsSync(TINI)) copyFileSync(TINI, join(nixpkgs, "seed/tini"));
  const environment = {
    PATH: process.env["PATH"] ?? "",
    HOME: join(directory, "home"),
    NIX_REMOTE: join(directory, "root"),
    NIX_CONFIG: "substituters =\nbuild-users-group =\nexperimental-features = nix-command\nsandbox = true",
  };
  const system = process.arch === "arm64" ? "aarch64-linux" : "x86_64-linux";
  const nixRun = async (program: string, ...args: readonly string[]): Promise<string> =>
    (await run(program, args, { env: environment })).stdout.trim();
  const [secret, publicFile] = [join(directory, "secret"), join(directory, "public")];
  await nixRun("nix-store", "--generate-binary-cache-key", "test-1", secret, publicFile);
  const build = async (...attributes: readonly string[]): Promise<readonly string[]> => {
    const wanted = attributes.flatMap((attribute) => ["--attr", attribute]);
    const text = await nixRun("nix-build", nixpkgs, "--no-out-link", "--argstr", "system", system, ...wanted);
    return text.split("\n");
  };
  let count = 0;
  return {
    directory,
    nixpkgs,
    system,
    environment,
    publicKey: readFileSync(publicFile, "utf8").trim(),
    build,
    cache: async ({ compression = "zstd", signed = "signed", name }, ...attributes) => {
      const place = join(directory, name ?? `cache-${count++}`);
      const key = signed === "signed" ? `&secret-key=${secret}` : "";
      const paths = await build(...attributes);
      await nixRun("nix", "copy", "--to", `file://${place}?compression=${compression}${key}`, ...paths);
      if (!existsSync(join(place, "nix-cache-info"))) throw new Error(`${place} is no cache`);
      return place;
    },
  };
}
