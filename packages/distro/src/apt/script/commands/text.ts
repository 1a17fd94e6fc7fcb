import { createHash } from "node:crypto";
import { basename, dirname } from "node:path/posix";
import { textOf } from "../../../rootfs/node.ts";
import type { Call, Handler } from "../call.ts";
import { UNKNOWN } from "../value.ts";
import { grep, sed } from "./search.ts";
import { inputOf, linesOf, MISSING } from "./text-input.ts";
import { parseOptions, type System } from "./system.ts";

/** Commands that print, cut and look through text. */
export function textCommands(system: System): Readonly<Record<string, Handler>> {
  return {
    echo,
    printf,
    cat: withText([], (text) => text),
    head: withLines(["-n", "-c"], (lines, call) => lines.slice(0, countOf(call) ?? 10)),
    tail: withLines(["-n", "-c"], (lines, call) => lines.slice(-(countOf(call) ?? 10))),
    sort: withLines(["-k", "-t"], (lines, { args }) => {
      const sorted = lines.toSorted();
      return args.includes("-u") ? [...new Set(sorted)] : sorted;
    }),
    uniq: withLines([], (lines) => lines.filter((line, at) => line !== lines[at - 1])),
    cut: withLines(["-d", "-f", "-c", "-b"], cutLines),
    tr,
    grep,
    egrep: (call) => grep({ ...call, args: ["-E", ...call.args] }),
    fgrep: (call) => grep({ ...call, args: ["-F", ...call.args] }),
    sed: sed(system),
    md5sum: sum("md5"),
    sha256sum: sum("sha256"),
    basename: ({ args: [path = "", suffix = ""], write }) => {
      const name = basename(path);
      write(
        `${name.endsWith(suffix) && name !== suffix ? name.slice(0, name.length - suffix.length) : name}\n`,
      );
      return 0;
    },
    dirname: ({ args: [path = ""], write }) => {
      write(`${dirname(path)}\n`);
      return 0;
    },
    uname: ({ args, write }) => {
      if (args.length > 1 || !["-s", undefined].includes(args[0])) return undefined;
      write("Linux\n");
      return 0;
    },
    expr,
    cmp: ({ args, shell }) => {
      const [left, right] = parseOptions(args).operands.map((path) => shell.tree.file(path));
      if (left === undefined || right === undefined) return 2;
      const [ours, theirs] = [textOf(left), textOf(right)];
      if (left.content === right.content) return 0;
      return ours === undefined || theirs === undefined ? undefined : Number(ours !== theirs);
    },
    // No process runs, and the time of the build is in no image.
    pgrep: () => 1,
    pidof: () => 1,
    date: ({ write }) => {
      write(UNKNOWN);
      return 0;
    },
    ischroot: () => 0,
    mountpoint: ({ args }) => Number(!args.some((path) => /^\/(proc|sys|dev)$/.test(path))),
    seq,
    "dpkg-architecture": ({ args, write }) => {
      if (!args.some((arg) => arg.endsWith("DEB_HOST_ARCH") || arg.endsWith("DEB_BUILD_ARCH")))
        return undefined;
      write(`${system.architecture}\n`);
      return 0;
    },
  };
}

const echo: Handler = ({ args, write }) => {
  const words = args[0] === "-n" || args[0] === "-e" ? args.slice(1) : args;
  write(unescape(words.join(" ")) + (args[0] === "-n" ? "" : "\n"));
  return 0;
};

/** Each conversion is taken as `%s`; the format is used again while there are arguments. */
const printf: Handler = ({ args: [format = "", ...values], write }) => {
  const pending = [...values];
  do {
    write(
      unescape(format).replace(/%%|%[-0-9.]*[sdib]/g, (conversion) => {
        return conversion === "%%" ? "%" : (pending.shift() ?? "");
      }),
    );
  } while (pending.length > 0 && /%[-0-9.]*[sdib]/.test(format));
  return 0;
};

function unescape(text: string): string {
  return text.replace(/\\([abfnrtv\\])/g, (_, letter: string) => ESCAPES[letter] ?? letter);
}

const ESCAPES: Readonly<Record<string, string>> = {
  a: "\u0007",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
};

function withText(
  withValue: readonly string[],
  work: (text: string, call: Call) => string | undefined,
): Handler {
  return (call) => {
    const { operands } = parseOptions(call.args, withValue);
    const text = inputOf(call, operands);
    if (text === MISSING) return 1;
    const result = text === undefined ? undefined : work(text, call);
    if (result === undefined) return undefined;
    call.write(result);
    return 0;
  };
}

function withLines(
  withValue: readonly string[],
  work: (lines: readonly string[], call: Call) => readonly string[] | undefined,
): Handler {
  return withText(withValue, (text, call) =>
    work(linesOf(text), call)
      ?.map((line) => `${line}\n`)
      .join(""),
  );
}

/** `-n 3` or `-3`. */
function countOf({ args }: Call): number | undefined {
  const value =
    parseOptions(args, ["-n"]).values.get("-n") ?? args.find((arg) => /^-\d+$/.test(arg))?.slice(1);
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined;
}

function cutLines(lines: readonly string[], { args }: Call): readonly string[] | undefined {
  const { values } = parseOptions(args, ["-d", "-f", "-c", "-b"]);
  const fields = values.get("-f");
  const wanted = fields ?? values.get("-c") ?? values.get("-b") ?? "";
  const [, first, dash, last] = /^(\d*)(-?)(\d*)$/.exec(wanted) ?? [];
  if (first === undefined || wanted === "-" || wanted === "") return undefined;
  const from = first === "" ? 1 : Number(first);
  const to = last === "" || last === undefined ? (dash === "-" ? Infinity : from) : Number(last);
  const delimiter = values.get("-d") ?? "\t";
  return lines.map((line) => {
    if (fields === undefined) return line.slice(from - 1, to);
    if (!line.includes(delimiter)) return line;
    return line
      .split(delimiter)
      .slice(from - 1, to)
      .join(delimiter);
  });
}

const tr: Handler = ({ args, input, write }) => {
  const text = input.takeAll();
  const [first = "", second] = args.filter((arg) => arg !== "-d");
  if (text === UNKNOWN) return undefined;
  const from = unescape(expandSet(first)).split("");
  if (args.includes("-d")) {
    write(
      text
        .split("")
        .filter((character) => !from.includes(character))
        .join(""),
    );
    return 0;
  }
  if (second === undefined || first.startsWith("-")) return undefined;
  const to = unescape(expandSet(second)).split("");
  write(
    text
      .split("")
      .map((character) => {
        const at = from.indexOf(character);
        return at === -1 ? character : (to[at] ?? to.at(-1) ?? character);
      })
      .join(""),
  );
  return 0;
};

function expandSet(set: string): string {
  return set
    .replaceAll("[:upper:]", "A-Z")
    .replaceAll("[:lower:]", "a-z")
    .replace(/([A-Za-z0-9])-([A-Za-z0-9])/g, (_, first: string, last: string) => {
      let range = "";
      for (let code = first.charCodeAt(0); code <= last.charCodeAt(0); code++)
        range += String.fromCharCode(code);
      return range;
    });
}

function sum(algorithm: "md5" | "sha256"): Handler {
  return (call) => {
    const [path] = parseOptions(call.args).operands;
    const text = inputOf(call, path === undefined ? [] : [path]);
    if (text === MISSING) return 1;
    if (text === undefined) return undefined;
    call.write(`${createHash(algorithm).update(text, "latin1").digest("hex")}  ${path ?? "-"}\n`);
    return 0;
  };
}

const seq: Handler = ({ args, write }) => {
  const numbers = args.map(Number);
  const [first = 1, step = 1, last = 0] =
    { 1: [1, 1, ...numbers], 2: [numbers[0], 1, numbers[1]] }[args.length] ?? numbers;
  if (numbers.some((number) => !Number.isSafeInteger(number)) || step === 0) return undefined;
  if (Math.abs((last - first) / step) > 10_000) return undefined;
  for (let number = first; step > 0 ? number <= last : number >= last; number += step) write(`${number}\n`);
  return 0;
};

const expr: Handler = ({ args, write }) => {
  const [left = "", operator, right = ""] = args;
  if (args.length !== 3 || !/^-?\d+$/.test(left) || !/^-?\d+$/.test(right)) return undefined;
  const results: Readonly<Record<string, number>> = {
    "+": Number(left) + Number(right),
    "-": Number(left) - Number(right),
    "*": Number(left) * Number(right),
  };
  const result = results[operator ?? ""];
  if (result === undefined) return undefined;
  write(`${result}\n`);
  return Number(result === 0);
};
