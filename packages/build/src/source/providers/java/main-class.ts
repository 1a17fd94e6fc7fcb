import { posix } from "node:path";
import type { Source } from "../../project/source.ts";

/** Names that a class of its own usually has where a program begins, the likeliest first. */
const LIKELY = /^(?:Main|App|Application|Server|Launcher|\w*Application|\w*Server|\w*Main|\w*App)(?:Kt)?$/;

/**
 * The classes under a module's sources with which a program may begin: those that have `main`. The
 * likely ones alone where there are some.
 */
export function findMainClasses(source: Source, directory: string): readonly string[] {
  const found = source
    .matching(...["java", "kotlin"].map((language) => posix.join(directory, `src/main/${language}/**`)))
    .flatMap((path) => mainClassIn(path, source) ?? []);
  const likely = found.filter((name) => LIKELY.test(name.replace(/^.*\./, "")));
  return likely.length === 0 ? found : likely;
}

function mainClassIn(path: string, source: Source): string | undefined {
  const [, file, extension] = /([^/]+)\.(java|kt)$/.exec(path) ?? [];
  if (file === undefined) return undefined;
  const text = source.text(path) ?? "";
  const name = extension === "java" ? javaClass(file, text) : kotlinClass(file, text);
  if (name === undefined) return undefined;
  const inside = /^\s*package\s+([\w.]+)/m.exec(text)?.[1];
  return inside === undefined ? name : `${inside}.${name}`;
}

function javaClass(file: string, text: string): string | undefined {
  return /^[ \t]*(?:(?:public|static|final)\s+)*static\s+(?:(?:public|final)\s+)*void\s+main\s*\(/m.test(text)
    ? file
    : undefined;
}

/** A function of the file is in a class named after it; one in an object that says so, in the object's. */
function kotlinClass(file: string, text: string): string | undefined {
  if (/^(?:suspend\s+)?fun\s+main\s*\(/m.test(text)) {
    const given = /^@file:JvmName\("([^"]+)"\)/m.exec(text)?.[1];
    return given ?? `${file.slice(0, 1).toUpperCase()}${file.slice(1)}Kt`;
  }
  const holder = /^object\s+(\w+)[^]*?@JvmStatic\s+fun\s+main\s*\(/m.exec(text)?.[1];
  return holder;
}
