import { finishPlan } from "../../finish-plan.ts";
import type { Provider } from "../../provider.ts";
import type { Source } from "../../source.ts";
import { chooseVersion } from "../../versions/choose.ts";

const MANIFESTS = ["requirements.txt", "pyproject.toml", "setup.py", "Pipfile"] as const;
const ENTRIES = ["main.py", "app.py", "server.py", "wsgi.py", "start.py", "bot.py"] as const;
/** Where the packages go: one directory, which the image gets whole. */
const PACKAGES = "/opt/python";
/** Debian 12's. */
const DEBIAN_PYTHON = ["3.11"] as const;

/** Python with pip: requirements.txt, or a project that pip can install. */
export const python: Provider = {
  name: "python",
  detect: (source) => MANIFESTS.find((path) => source.has(path)) ?? ENTRIES.find((path) => source.has(path)),
  plan: (source, settings) => {
    chooseVersion(source, settings, "python", DEBIAN_PYTHON);
    const manifest = MANIFESTS.find((path) => source.has(path));
    const install = settings.installCommand ?? installLine(manifest);
    const isNative = /(^|\n)(psycopg2|mysqlclient|pillow|lxml)\b/i.test(
      source.text("requirements.txt") ?? "",
    );
    return finishPlan(
      {
        name: "python",
        steps:
          install === undefined
            ? {}
            : {
                install: {
                  root: [
                    `apt:dash/coreutils/python3/python3-pip/ca-certificates${isNative ? "/gcc/python3-dev/libpq-dev" : ""}`,
                  ],
                  copies: manifestCopies(manifest),
                  commands: [`mkdir -p ${PACKAGES}`, install],
                  caches: [{ id: "pip", target: "/root/.cache/pip", sharing: "shared" }],
                  network: "host",
                  configuration: ["pip", "certificates"],
                },
              },
        deploy: {
          root: ["apt:python3-minimal/python3/ca-certificates"],
          copies: [
            ...(install === undefined
              ? []
              : [{ from: "install", source: PACKAGES, target: PACKAGES.slice(1) }]),
            { from: "source", source: ".", target: "app" },
          ],
          start: startLine(source),
          environment: {
            PYTHONPATH: `${PACKAGES}:/app`,
            PYTHONUNBUFFERED: "1",
            PYTHONDONTWRITEBYTECODE: "1",
            PATH: `${PACKAGES}/bin:/usr/local/bin:/usr/bin:/bin`,
            PORT: "8080",
          },
          ports: [8080],
        },
      },
      source,
      settings,
    );
  },
};

function installLine(manifest: string | undefined): string | undefined {
  if (manifest === undefined || manifest === "Pipfile") return undefined;
  const what = manifest === "requirements.txt" ? "-r requirements.txt" : ".";
  return `python3 -m pip install --no-input --disable-pip-version-check --no-compile --target ${PACKAGES} ${what}`;
}

/** Only what says which packages, so that a change of code installs nothing again. */
function manifestCopies(
  manifest: string | undefined,
): { from: string; source: string; target: string; include?: string[] }[] {
  if (manifest === "requirements.txt") {
    const include = ["*requirements*.txt", "constraints*.txt", "requirements/**"];
    return [{ from: "source", source: ".", target: "app", include }];
  }
  return [{ from: "source", source: ".", target: "app" }];
}

function startLine(source: Source): string | readonly string[] | undefined {
  const requirements =
    `${source.text("requirements.txt") ?? ""}\n${source.text("pyproject.toml") ?? ""}`.toLowerCase();
  const entry = ENTRIES.find((path) => source.has(path));
  if (source.has("manage.py")) {
    const [settings] = source.matching("*/wsgi.py");
    const project = settings?.split("/")[0];
    if (project !== undefined && requirements.includes("gunicorn")) {
      return `gunicorn --bind 0.0.0.0:$PORT ${project}.wsgi`;
    }
    return "python3 manage.py runserver --noreload 0.0.0.0:$PORT";
  }
  if (entry === undefined) return undefined;
  const module = entry.replace(/\.py$/, "");
  if (requirements.includes("fastapi") && requirements.includes("uvicorn")) {
    return `python3 -m uvicorn ${module}:app --host 0.0.0.0 --port $PORT`;
  }
  if (requirements.includes("flask") && requirements.includes("gunicorn")) {
    return `python3 -m gunicorn --bind 0.0.0.0:$PORT ${module}:app`;
  }
  if (requirements.includes("flask"))
    return `python3 -m flask --app ${module} run --host 0.0.0.0 --port $PORT`;
  return ["python3", entry];
}
