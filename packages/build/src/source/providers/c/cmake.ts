import { posix } from "node:path";
import type { Program } from "../../native/choose-programs.ts";
import type { Source } from "../../project/source.ts";
import { type BuildSystem, buildFiles, PREFIX } from "./build-system.ts";
import { newerTool } from "./newer-tool.ts";

export const cmake: BuildSystem = {
  name: "CMake",
  manifest: (source) => (source.has("CMakeLists.txt") ? "CMakeLists.txt" : undefined),
  describe: (source, settings) => {
    const files = buildFiles(source, /(^|\/)(CMakeLists\.txt|[^/]+\.cmake)$/);
    const calls = files.flatMap((path) => callsIn(source, path));
    const fetches = calls.some(({ name }) => FETCHING.has(name)) ? "sources" : "nothing";
    const hasInstall = calls.some(
      ({ name, words }) => name === "install" && /^(TARGETS|PROGRAMS)$/.test(words[0] ?? ""),
    );
    const wanted = calls.find(({ name }) => name === "cmake_minimum_required")?.words[1];
    const toolchain = newerTool("cmake", wanted?.split("...")[0], settings);
    return {
      tools: [...(toolchain === undefined ? (["cmake"] as const) : []), "ninja", "pkg-config"],
      libraries: calls.flatMap(librariesIn),
      project: projectIn(calls),
      programs: programsIn(calls),
      configure: [
        "cmake -S . -B /build -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_TESTING=OFF",
        `-DCMAKE_INSTALL_PREFIX=${PREFIX} -DCMAKE_INSTALL_SYSCONFDIR=/etc`,
      ].join(" "),
      build: "cmake --build /build",
      install: hasInstall ? "cmake --install /build" : "",
      fetches,
      toolchain,
    };
  },
};

const FETCHING: ReadonlySet<string> = new Set([
  "fetchcontent_declare",
  "externalproject_add",
  "cpmaddpackage",
]);

/** A command of CMake's language, its name in lower case. */
interface Call {
  readonly name: string;
  readonly words: readonly string[];
  readonly path: string;
}

function callsIn(source: Source, path: string): readonly Call[] {
  const text = (source.text(path) ?? "").replace(/#\[(=*)\[[^]*?\]\1\]/g, "").replace(/#.*/g, "");
  return [...text.matchAll(/\b([A-Za-z_]\w*)\s*\(([^()]*)\)/g)].map(([, name = "", inside = ""]) => ({
    name: name.toLowerCase(),
    words: inside.split(/[\s;"]+/).filter((word) => word !== ""),
    path,
  }));
}

function librariesIn({ name, words }: Call): readonly string[] {
  switch (name) {
    case "find_package": {
      const [library = "", ...rest] = words;
      const parts = rest.slice(rest.findIndex((word) => word === "COMPONENTS" || word === "REQUIRED") + 1);
      return [library, ...parts.map((part) => `${library}_${part}`)];
    }
    case "pkg_check_modules":
    case "pkg_search_module":
      return words.slice(1).map((word) => word.replace(/[<>=].*/, ""));
    case "find_library":
    case "target_link_libraries":
      return words.slice(1).map((word) => word.replace(/^-l/, ""));
    default:
      return [];
  }
}

function projectIn(calls: readonly Call[]): string | undefined {
  return calls.find(({ name }) => name === "project")?.words[0];
}

/** Targets of `add_executable`; a name may be that of the project. */
function programsIn(calls: readonly Call[]): readonly Program[] {
  const variables = new Map<string, string>();
  const project = projectIn(calls) ?? "";
  for (const name of ["PROJECT_NAME", "CMAKE_PROJECT_NAME"]) variables.set(name, project);
  for (const { name, words } of calls) if (name === "set") variables.set(words[0] ?? "", words[1] ?? "");
  const value = (word: string): string =>
    word.replace(/\$\{(\w+)\}/g, (_, name: string) => variables.get(name) ?? "");
  const renamed = new Map(
    calls
      .filter(({ name, words }) => name === "set_target_properties" && words.includes("OUTPUT_NAME"))
      .map(({ words }) => [value(words[0] ?? ""), value(words[words.indexOf("OUTPUT_NAME") + 1] ?? "")]),
  );
  return calls
    .filter(({ name, words }) => name === "add_executable" && !/^(IMPORTED|ALIAS)$/.test(words[1] ?? ""))
    .map(({ words, path }) => {
      const target = value(words[0] ?? "");
      return { name: renamed.get(target) ?? target, directory: posix.dirname(path) };
    })
    .filter(
      ({ name }) =>
        /^[\w.+-]+$/.test(name) && !/(^|[_-])(tests?|bench(mark)?|examples?|fuzz(er)?)$/i.test(name),
    );
}
