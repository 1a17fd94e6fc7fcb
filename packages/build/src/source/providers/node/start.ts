import { command } from "./frameworks/framework.ts";
import { pathIn, type Project } from "./project.ts";

/** How an application says that it is started. */
export interface Started {
  /** A line for a shell, or a program by itself. */
  readonly line: string | readonly string[];
  /** Variables that the script sets. */
  readonly environment: Readonly<Record<string, string>>;
}

const ENTRIES = ["index", "server", "app", "main", "src/index", "src/server", "src/main"] as const;
/** Node runs TypeScript by itself where its types can be left out. */
const EXTENSIONS = ["js", "mjs", "cjs", "ts", "mts"] as const;
/** For whoever writes the program: they start it again when a file changes. */
const FOR_DEVELOPMENT = /^(nest start|nodemon|ts-node-dev|tsx watch|node --watch|bun (run )?--(hot|watch))\b/;
/** Programs of the system: no package brings them. */
const OF_THE_SYSTEM: ReadonlySet<string> = new Set(["sh", "bash", "bun", "deno", "python", "python3", "env"]);
const PLAIN = /^[\w./@:=,+-]+$/;

/** The script that starts the application, if it has one. */
export function startScript({ manifest }: Project): string | undefined {
  const { scripts = {} } = manifest;
  const start = scripts["start"]?.trim();
  const production = scripts["start:prod"] ?? scripts["start:production"];
  return start === undefined || FOR_DEVELOPMENT.test(start) ? (production ?? start) : start;
}

/**
 * What a script does, without the package manager and without a shell where it is one program with plain
 * words: then signals reach that program, and the image needs neither.
 */
export function startOfScript(project: Project, line: string): Started {
  const script = scriptOf(project, line);
  const words = script.split(/\s+/);
  const environment: Record<string, string> = {};
  if (/^(cross-env|env)$/.test(words[0] ?? "")) words.shift();
  for (let word = words[0]; word !== undefined; word = words[0]) {
    const [, name, value] = /^([A-Za-z_]\w*)=([\w./:@,+=-]*)$/.exec(word) ?? [];
    if (name === undefined || value === undefined) break;
    environment[name] = value;
    words.shift();
  }
  const [program, ...rest] = /^(npx|pnpx|bunx)$/.test(words[0] ?? "") ? words.slice(1) : words;
  if (program === undefined || !words.every((word) => PLAIN.test(word)))
    return { line: forShell(project, script), environment: {} };
  if (program === "node" || program.includes("/") || OF_THE_SYSTEM.has(program))
    return { line: [program, ...rest], environment };
  return { line: command(project, program, ...rest), environment };
}

/** The script that a line comes to in the end: `npm start` is what that script does. */
export function scriptOf(project: Project, line: string): string {
  const seen = new Set<string>();
  for (let script = line.trim(); ;) {
    const [program = "", ...rest] = script.split(/\s+/);
    const inner = otherScript(project, program, rest)?.trim();
    if (inner === undefined || seen.has(inner)) return script;
    seen.add(inner);
    script = inner;
  }
}

/** The file that the application begins with, where no script says how it is started. */
export function startOfEntry(project: Project): readonly string[] | undefined {
  const { main, module } = project.manifest;
  const candidates = [
    ...(main === undefined ? [] : [main, `${main}.js`, `${main}/index.js`]),
    ...(module === undefined ? [] : [module]),
    ...ENTRIES.flatMap((name) => EXTENSIONS.map((extension) => `${name}.${extension}`)),
  ];
  const entry = candidates.find((path) => project.source.has(pathIn(project, path)) && /\.\w+$/.test(path));
  return entry === undefined ? undefined : ["node", entry.replace(/^\.\//, "")];
}

/** The script that a script calls by the package manager: `npm run serve`, `yarn serve`. */
function otherScript({ manifest }: Project, program: string, rest: readonly string[]): string | undefined {
  if (!/^(npm|pnpm|yarn|bun)$/.test(program)) return undefined;
  const [first, second, ...others] = rest;
  const isRun = first === "run" || first === "run-script";
  const name = isRun ? second : first;
  const isAll = isRun ? others.length === 0 : second === undefined;
  return name === undefined || !isAll ? undefined : manifest.scripts?.[name];
}

function forShell({ manager, directory }: Project, script: string): string {
  const isOneProgram = !/[|&;\n]/.test(script) && !/^\w+=/.test(script);
  return `PATH=${manager.commandsOf(directory)}:$PATH; ${isOneProgram ? "exec " : ""}${script}`;
}
