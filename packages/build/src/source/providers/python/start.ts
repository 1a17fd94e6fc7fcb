import type { Source } from "../../project/source.ts";
import { djangoStart } from "./django.ts";
import type { Project } from "./project.ts";
import { normalName } from "./requirements.ts";
import { serveAsgi, type Served, serveFlask, serveStreamlit, serveWsgi } from "./server.ts";

/** How an application is started, and what that is. */
export interface PythonStart {
  readonly command: readonly string[];
  /** `script`: a program that installing the project brings. `files`: modules of the source. */
  readonly from: "script" | "files";
  /** What ends it, where that is not SIGTERM: the first process of a container hears only what it listens to. */
  readonly stopSignal?: "SIGINT" | undefined;
}

/** Modules that applications are commonly started by, in the order in which they are looked for. */
export const ENTRIES = ["main", "app", "start", "bot", "hello", "server", "wsgi", "asgi"] as const;

interface Framework {
  readonly name: string;
  /** What makes an application of it. */
  readonly maker: string;
  /** The interface by which servers call it. */
  readonly kind: "asgi" | "wsgi";
}

const FRAMEWORKS: readonly Framework[] = [
  { name: "python-fasthtml", maker: "fast_app|FastHTML", kind: "asgi" },
  { name: "fastapi", maker: "FastAPI", kind: "asgi" },
  { name: "litestar", maker: "Litestar", kind: "asgi" },
  { name: "quart", maker: "Quart", kind: "asgi" },
  { name: "starlette", maker: "Starlette", kind: "asgi" },
  { name: "flask", maker: "Flask", kind: "wsgi" },
  { name: "bottle", maker: "Bottle", kind: "wsgi" },
  { name: "falcon", maker: "App", kind: "wsgi" },
];

/**
 * Django by its settings; else a framework's application in one of the usual modules; else the project's
 * own program; else such a module itself; else a package that can be run. Undefined where there is none.
 */
export function findStart(source: Source, project: Project): PythonStart | undefined {
  const served = djangoStart(source, project) ?? frameworkStart(source, project);
  if (served !== undefined) {
    const isServer = served.some((word) => LISTENS_TO_SIGTERM.has(word));
    return { command: served, from: "files", stopSignal: isServer ? undefined : "SIGINT" };
  }
  const script = ownScript(project);
  if (script !== undefined) return { command: [script], from: "script", stopSignal: "SIGINT" };
  const command = moduleStart(source);
  if (command === undefined) return undefined;
  const listens = (source.text(command[1] ?? "") ?? "").includes("SIGTERM");
  return { command, from: "files", stopSignal: listens ? undefined : "SIGINT" };
}

/** Servers that end on SIGTERM by themselves; Python itself listens to SIGINT alone. */
const LISTENS_TO_SIGTERM: ReadonlySet<string> = new Set([
  "gunicorn",
  "uvicorn",
  "hypercorn",
  "granian",
  "daphne",
  "uwsgi",
  "streamlit",
]);

function frameworkStart(source: Source, project: Project): readonly string[] | undefined {
  const files = filesOf(source).map((path) => ({ path, text: source.text(path) ?? "" }));
  if (project.names.has("streamlit")) {
    const page = files.find(({ text }) => /\bstreamlit\b/.test(text));
    if (page !== undefined) return serveStreamlit(page.path);
  }
  for (const framework of FRAMEWORKS.filter(({ name }) => project.names.has(name))) {
    const finds = [constructed, imported, made].map((find) => (text: string) => find(text, framework.maker));
    for (const find of finds) {
      for (const { path, text } of files) {
        const found = find(text);
        if (found === undefined) continue;
        const command = serve({ module: moduleOf(source, path), ...found }, framework, project);
        if (command !== undefined) return command;
      }
    }
  }
  return undefined;
}

function serve(served: Served, { name, kind }: Framework, project: Project): readonly string[] | undefined {
  if (kind === "asgi") return serveAsgi(served, project);
  return serveWsgi(served, project) ?? (name === "flask" ? serveFlask(served) : undefined);
}

type Found = Omit<Served, "module">;

/** `app = FastAPI(…)` */
function constructed(text: string, maker: string): Found | undefined {
  const [, object] = new RegExp(`^(\\w+)[^=\\n]*=\\s*(?:\\w+\\.)*(?:${maker})\\(`, "m").exec(text) ?? [];
  return object === undefined ? undefined : { object, how: "object" };
}

/** `app = create_app()`, `from shop import app` */
function imported(text: string): Found | undefined {
  const [, called] = /^(app|application|api)\s*=\s*(?:\w+\.)*\w*app\w*\(/m.exec(text) ?? [];
  const [, taken] = /^from\s+\S+\s+import\s+(?:.*\b)?(app|application)\s*(?:#.*)?$/m.exec(text) ?? [];
  const object = called ?? taken;
  return object === undefined ? undefined : { object, how: "object" };
}

/** `def create_app():` in a file that knows the framework. */
function made(text: string, maker: string): Found | undefined {
  const [, object] = /^def ((?:create|make|build|get)_app(?:lication)?)\(/m.exec(text) ?? [];
  const isMaker = new RegExp(`\\b(?:${maker})\\(`).test(text);
  return object === undefined || !isMaker ? undefined : { object, how: "factory" };
}

/** Files that may hold an application: the usual names at the top, in src, and in packages. */
function filesOf(source: Source): readonly string[] {
  const paths = (directory: string): readonly string[] =>
    ENTRIES.flatMap((entry) => source.matching(`${directory}${entry}.py`));
  const packages = ["*/", "src/*/"].flatMap((directory) => [
    ...paths(directory),
    ...source.matching(`${directory}__init__.py`),
  ]);
  return [...paths(""), ...paths("src/"), ...packages.filter((path) => !ASIDE.test(path))];
}

/** Directories whose modules do not start the application. */
const ASIDE = /^(src\/)?(\..*|tests?|docs?|examples?|scripts|migrations|alembic)\//;

/** The name by which a file is imported; `src` is a package only where it says so. */
function moduleOf(source: Source, path: string): string {
  const below = source.has("src/__init__.py") ? path : path.replace(/^src\//, "");
  return below.replace(/(\/__init__)?\.py$/, "").replaceAll("/", ".");
}

/** The one program that the project brings, or the one that is called as it is. */
function ownScript({ kind, name, scripts }: Project): string | undefined {
  if (kind !== "package") return undefined;
  return scripts.find((each) => normalName(each) === name) ?? (scripts.length === 1 ? scripts[0] : undefined);
}

function moduleStart(source: Source): readonly string[] | undefined {
  const [file] = ["", "src/"].flatMap((directory) =>
    ENTRIES.map((entry) => `${directory}${entry}.py`).filter((path) => source.has(path)),
  );
  if (file !== undefined) return ["python3", file];
  if (source.has("__main__.py")) return ["python3", "."];
  const [main] = source.matching("*/__main__.py", "src/*/__main__.py").filter((path) => !ASIDE.test(path));
  return main === undefined ? undefined : ["python3", "-m", moduleOf(source, main.replace("/__main__", ""))];
}
