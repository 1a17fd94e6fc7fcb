import assert from "node:assert/strict";
import { readFileSync, realpathSync } from "node:fs";
import { basename, join } from "node:path";
import { test } from "node:test";
import { unpackTar } from "@cooper/archive";
import { extract } from "@cooper/oci";
import {
  apkDirectory,
  type ApkFile,
  makeApk,
  requireProgram,
  requireRoot,
  run,
  temporaryDirectory,
} from "@cooper/test";
import { imageOfPackages } from "../../image/package-image.ts";
import { repositoryOf, solveFor } from "../apk.fixture.ts";

/** A library of this machine under its file's own name, and the link that programs ask for. */
function library(path: string, directory: string): readonly ApkFile[] {
  const real = realpathSync(path);
  const name = `${basename(path)}.1`;
  return [
    { path: `${directory}/${name}`, content: readFileSync(real), mode: 0o755 },
    { path: `${directory}/${basename(path)}`, type: "2", link: name },
  ];
}

test("the linker's cache is the one that ldconfig makes", async (t) => {
  const ldconfig = requireProgram(t, "ldconfig", "libc-bin");
  if (ldconfig === undefined || !requireRoot(t)) return;
  const paths = (await run(ldconfig, ["-p"])).stdout.split("\n").map((line) => line.split(" => ")[1] ?? "");
  const pathOf = (name: string): string =>
    paths.find((path) => path.endsWith(`/${name}`)) ?? assert.fail(name);
  const loader = paths.find((path) => /\/ld-linux[^/]*$/.test(path)) ?? assert.fail();
  const glibc = makeApk({
    name: "glibc",
    files: [
      apkDirectory("etc"),
      { path: "etc/ld.so.conf", content: "# conf\ninclude ld.so.conf.d/*.conf\n" },
      apkDirectory("etc/ld.so.conf.d"),
      { path: "etc/ld.so.conf.d/own.conf", content: "/opt/lib\n" },
      apkDirectory("usr"),
      apkDirectory("usr/lib"),
      { path: "lib", type: "2", link: "usr/lib" },
      ...library(loader, "usr/lib"),
      ...library(pathOf("libc.so.6"), "usr/lib"),
      { path: "usr/lib/libnot.so.1", content: "no library" },
    ],
  });
  const other = makeApk({
    name: "other",
    files: [
      apkDirectory("opt"),
      apkDirectory("opt/lib"),
      ...library(pathOf("libm.so.6"), "opt/lib"),
      { path: "opt/lib/libdl.so.9", content: readFileSync(realpathSync(pathOf("libdl.so.2"))) },
    ],
  });
  const { context } = await repositoryOf(t, [glibc, other]);
  const root = join(temporaryDirectory(t), "root");
  const image = imageOfPackages([await solveFor(context, ["glibc", "other"])], context);
  assert.ok(image.kind === "image");
  await unpackTar(extract(image), root, { whiteouts: "keep" });
  const cache = join(root, "etc/ld.so.cache");
  const entries = async (): Promise<readonly string[]> =>
    (await run(ldconfig, ["-p", "-C", cache])).stdout.split("\n").filter((line) => line.startsWith("\t"));
  const ours = await entries();
  await run(ldconfig, ["-r", root]);
  assert.deepEqual(ours, await entries());
  assert.ok(
    ours.some((line) => line.includes("/opt/lib/libdl.so.2")),
    ours.join("\n"),
  );
});
