import { posix } from "node:path";
import { type BuildSystem, buildFiles, PREFIX } from "./build-system.ts";

const MANIFESTS = ["configure", "configure.ac", "configure.in"] as const;

export const autotools: BuildSystem = {
  name: "configure",
  manifest: (source) => MANIFESTS.find((path) => source.has(path)),
  describe: (source) => {
    const input = source.text("configure.ac") ?? source.text("configure.in") ?? "";
    const isGenerated = source.has("configure");
    const programs = buildFiles(source, /(^|\/)Makefile\.am$/).flatMap((path) => {
      const text = (source.text(path) ?? "").replace(/\\\n/g, " ");
      return [...text.matchAll(/^\s*s?bin_PROGRAMS\s*\+?=\s*(.*)$/gm)]
        .flatMap(([, names = ""]) => names.trim().split(/\s+/))
        .filter((name) => /^[\w.+-]+$/.test(name))
        .map((name) => ({ name, directory: posix.dirname(path) }));
    });
    const named = /\bAC_INIT\(\s*\[?([\w.+-]+)/.exec(input)?.[1];
    return {
      tools: ["make", "pkg-config", "awk", "diff", ...(isGenerated ? [] : (["autotools"] as const))],
      libraries: [...librariesIn(input)],
      project: named,
      programs: programs.length > 0 || named === undefined ? programs : [{ name: named, directory: "." }],
      configure: [
        ...(isGenerated ? [] : ["autoreconf --force --install"]),
        `./configure --prefix=${PREFIX} --sysconfdir=/etc --localstatedir=/var`,
      ].join("\n"),
      build: 'make -j "$(nproc)"',
      install: 'make install DESTDIR="$DESTDIR"',
      fetches: "nothing",
    };
  },
};

function librariesIn(text: string): readonly string[] {
  const joined = text.replace(/^\s*(dnl|#).*$/gm, "");
  const linked = [...joined.matchAll(/(?<=[\s"'])-l([\w.+-]+)/g)].map(([, name = ""]) => name);
  const asked = [
    ...joined.matchAll(/\b(PKG_CHECK_MODULES|AC_CHECK_LIB|AC_SEARCH_LIBS)\s*\(([^)]*)\)/g),
  ].flatMap(([, macro = "", inside = ""]) => {
    const places = inside.split(",").map((word) => word.replace(/[[\]]/g, " ").trim());
    const chosen = macro === "AC_CHECK_LIB" ? places[0] : places[1];
    return (chosen ?? "").split(/\s+/).filter((word) => /^[A-Za-z]/.test(word));
  });
  return [...linked, ...asked];
}
