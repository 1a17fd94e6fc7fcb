import { type BuildSystem, PREFIX } from "./build-system.ts";

const MANIFESTS = ["GNUmakefile", "makefile", "Makefile"] as const;

export const make: BuildSystem = {
  name: "Make",
  manifest: (source) =>
    source.paths.some((path) => /\.(c|cc|cpp|cxx)$/.test(path))
      ? MANIFESTS.find((path) => source.has(path))
      : undefined,
  describe: (source) => {
    const path = MANIFESTS.find((name) => source.has(name)) ?? "Makefile";
    const text = (source.text(path) ?? "").replace(/#.*/g, "").replace(/\\\n/g, " ");
    // Without DESTDIR it would install into the step, where nobody looks for it.
    const canInstall = /^install\s*:/m.test(text) && /\$[({]DESTDIR[)}]/.test(text);
    return {
      tools: ["make", "pkg-config"],
      libraries: librariesIn(text),
      programs: programsIn(text).map((name) => ({ name, directory: "." })),
      configure: "",
      build: 'make -j "$(nproc)"',
      install: canInstall ? `make install DESTDIR="$DESTDIR" PREFIX=${PREFIX} prefix=${PREFIX}` : "",
      fetches: "nothing",
    };
  },
};

function librariesIn(text: string): readonly string[] {
  const linked = [...text.matchAll(/(?<=^|\s)-l([\w.+-]+)/gm)].map(([, name = ""]) => name);
  const asked = [...text.matchAll(/pkg-config\s+([^)`\n]*)/g)].flatMap(([, rest = ""]) =>
    rest.split(/\s+/).filter((word) => /^[A-Za-z]/.test(word)),
  );
  return [...linked, ...asked];
}

/** What variables with a usual name say, else what compilers are told to write. */
function programsIn(text: string): readonly string[] {
  const named = [
    ...text.matchAll(/^\s*(?:TARGET|PROGS?|PROGRAMS?|BIN|BINARY|EXE|EXECUTABLE|NAME)\s*[:?]?=\s*(.*)$/gim),
  ].flatMap(([, names = ""]) => names.trim().split(/\s+/));
  const written = [...text.matchAll(/\s-o\s*([\w.+/-]+)/g)].map(([, name = ""]) => name);
  const names = (named.length > 0 ? named : written)
    .map((name) => name.replace(/^.*\//, ""))
    .filter((name) => /^[\w+-]+(\.[\w+-]+)*$/.test(name) && !/\.(o|a|so)$/.test(name));
  return [...new Set(names)];
}
