import type { Project } from "./project.ts";

/** An application that servers can call: where it is, and whether it is there or is made by a call. */
export interface Served {
  readonly module: string;
  readonly object: string;
  readonly how: "object" | "factory";
}

/**
 * Puts the values of variables into a command's words and becomes that command: what a shell is used
 * for where a server takes its port by a flag, without one in the image.
 */
const EXPAND = [
  "python3",
  "-ISc",
  "import os,sys; words=[os.path.expandvars(word) for word in sys.argv[1:]]; os.execvp(words[0],words)",
];

/** By the first server for asynchronous applications that the project has. */
export function serveAsgi(
  { module, object, how }: Served,
  { names }: Project,
): readonly string[] | undefined {
  const target = `${module}:${object}`;
  if (names.has("uvicorn")) {
    const factory = how === "factory" ? ["--factory"] : [];
    return [...EXPAND, "uvicorn", target, ...factory, "--host", "0.0.0.0", "--port", "$PORT"];
  }
  // Hypercorn takes calls as gunicorn does.
  if (names.has("hypercorn")) {
    return [...EXPAND, "hypercorn", how === "factory" ? `${target}()` : target, "--bind", "0.0.0.0:$PORT"];
  }
  if (names.has("granian")) return granian("asgi", target, how);
  if (names.has("daphne") && how === "object") {
    return [...EXPAND, "daphne", "-b", "0.0.0.0", "-p", "$PORT", target];
  }
  return undefined;
}

/** By the first server for synchronous applications that the project has. */
export function serveWsgi(
  { module, object, how }: Served,
  { names }: Project,
): readonly string[] | undefined {
  const target = `${module}:${object}`;
  const call = how === "factory" ? `${target}()` : target;
  // It listens at $PORT by itself. What its workers write to show that they live is kept off the disk.
  if (names.has("gunicorn")) return ["gunicorn", "--worker-tmp-dir", "/dev/shm", call];
  if (names.has("waitress")) {
    const flag = how === "factory" ? ["--call"] : [];
    return [...EXPAND, "waitress-serve", "--host", "0.0.0.0", "--port", "$PORT", ...flag, target];
  }
  if (names.has("granian")) return granian("wsgi", target, how);
  if (names.has("uwsgi") && how === "object") {
    const flags = ["--master", "--die-on-term", "--need-app"];
    return [...EXPAND, "uwsgi", ...flags, "--http-socket", "0.0.0.0:$PORT", "--module", target];
  }
  return undefined;
}

/** Flask's own server, for whoever has no other. */
export function serveFlask({ module, object, how }: Served): readonly string[] {
  const target = how === "factory" ? `${module}:${object}()` : `${module}:${object}`;
  return [...EXPAND, "flask", "--app", target, "run", "--host", "0.0.0.0", "--port", "$PORT"];
}

/** Django's own server, for whoever has no other. */
export function serveDjango(): readonly string[] {
  return [...EXPAND, "python3", "manage.py", "runserver", "--noreload", "0.0.0.0:$PORT"];
}

export function serveStreamlit(page: string): readonly string[] {
  const flags = ["--server.headless", "true", "--browser.gatherUsageStats", "false"];
  const address = ["--server.address", "0.0.0.0", "--server.port", "$PORT"];
  return [...EXPAND, "streamlit", "run", page, ...flags, ...address];
}

function granian(kind: "asgi" | "wsgi", target: string, how: Served["how"]): readonly string[] {
  const flags = ["--interface", kind, ...(how === "factory" ? ["--factory"] : [])];
  return [...EXPAND, "granian", ...flags, "--host", "0.0.0.0", "--port", "$PORT", target];
}
