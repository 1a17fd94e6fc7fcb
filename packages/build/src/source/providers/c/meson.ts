import { posix } from "node:path";
import { type BuildSystem, buildFiles, PREFIX } from "./build-system.ts";
import { newerTool } from "./newer-tool.ts";

export const meson: BuildSystem = {
  name: "Meson",
  manifest: (source) => (source.has("meson.build") ? "meson.build" : undefined),
  describe: (source, settings) => {
    const files = buildFiles(source, /(^|\/)meson\.build$/).map((path) => ({
      path,
      text: (source.text(path) ?? "").replace(/#.*/g, ""),
    }));
    const [root] = files.filter(({ path }) => path === "meson.build");
    const wanted = /meson_version\s*:\s*'>=?\s*([\d.]+)'/.exec(root?.text ?? "")?.[1];
    const toolchain = newerTool("meson", wanted, settings);
    return {
      tools: [toolchain === undefined ? "meson" : "python", "ninja", "pkg-config"],
      libraries: files.flatMap(({ text }) =>
        [...text.matchAll(/\b(?:dependency|find_library)\s*\(\s*((?:'[^']+'\s*,\s*)*'[^']+')/g)].flatMap(
          ([, names = ""]) => [...names.matchAll(/'([^']+)'/g)].map(([, name = ""]) => name),
        ),
      ),
      project: /^\s*project\s*\(\s*'([^']+)'/m.exec(root?.text ?? "")?.[1],
      programs: files.flatMap(({ path, text }) =>
        [...text.matchAll(/\bexecutable\s*\(\s*'([\w.+-]+)'/g)].map(([, name = ""]) => ({
          name,
          directory: posix.dirname(path),
        })),
      ),
      // What is not in subprojects/ is not fetched: then nothing of a build changes unseen.
      configure: `meson setup /build --buildtype=release --wrap-mode=nodownload --prefix=${PREFIX}`,
      build: "meson compile -C /build",
      install: "meson install -C /build --no-rebuild",
      fetches: "nothing",
      toolchain,
    };
  },
};
