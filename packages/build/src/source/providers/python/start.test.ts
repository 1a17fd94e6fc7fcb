import assert from "node:assert/strict";
import { test } from "node:test";
import { sourceOf } from "../../project/source.fixture.ts";
import { readProject } from "./project.ts";
import { findStart } from "./start.ts";

const ASGI = "from x import y\napp = FastAPI(title='a')\n";
const WSGI = "app: Flask = flask.Flask(__name__)\n";
const MANAGE = 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")';
const PACKAGE = '[build-system]\nrequires = []\n[project]\nname = "Cask-Shop"\n[project.scripts]\n';

/** What an application is, its files, and what starts it, without what puts the port in. */
const CASES: readonly [string, Record<string, string>, string | undefined][] = [
  [
    "FastAPI with uvicorn",
    { "requirements.txt": "fastapi\nuvicorn", "main.py": ASGI },
    "uvicorn main:app --host 0.0.0.0 --port $PORT",
  ],
  [
    "FastAPI with its standard extra",
    { "requirements.txt": "fastapi[standard]", "app.py": ASGI },
    "uvicorn app:app --host 0.0.0.0 --port $PORT",
  ],
  [
    "FastAPI in a package",
    { "requirements.txt": "fastapi\nhypercorn", "shop/main.py": ASGI, "tests/main.py": ASGI },
    "hypercorn shop.main:app --bind 0.0.0.0:$PORT",
  ],
  [
    "FastAPI in src",
    { "requirements.txt": "fastapi\ngranian", "src/shop/main.py": ASGI },
    "granian --interface asgi --host 0.0.0.0 --port $PORT shop.main:app",
  ],
  [
    "FastAPI that runs its server itself",
    { "requirements.txt": "fastapi", "main.py": ASGI },
    "python3 main.py",
  ],
  [
    "Starlette that a call makes",
    { "requirements.txt": "starlette\nuvicorn", "app.py": "def create_app():\n  return Starlette()\n" },
    "uvicorn app:create_app --factory --host 0.0.0.0 --port $PORT",
  ],
  [
    "Flask with gunicorn",
    { "requirements.txt": "Flask\ngunicorn", "app.py": WSGI },
    "gunicorn --worker-tmp-dir /dev/shm app:app",
  ],
  [
    "Flask with waitress",
    { "requirements.txt": "Flask\nwaitress", "wsgi.py": "from shop import app\n" },
    "waitress-serve --host 0.0.0.0 --port $PORT wsgi:app",
  ],
  [
    "Flask alone",
    { "requirements.txt": "flask", "server.py": WSGI },
    "flask --app server:app run --host 0.0.0.0 --port $PORT",
  ],
  [
    "Flask that a package's call makes",
    {
      "requirements.txt": "flask\ngunicorn",
      "shop/__init__.py": "def create_app():\n  app = Flask(__name__)\n",
    },
    "gunicorn --worker-tmp-dir /dev/shm shop:create_app()",
  ],
  [
    "Flask by its lock file",
    { "poetry.lock": '[[package]]\nname = "flask"\n[[package]]\nname = "uWSGI"', "app.py": WSGI },
    "uwsgi --master --die-on-term --need-app --http-socket 0.0.0.0:$PORT --module app:app",
  ],
  [
    "a page of Streamlit",
    { "requirements.txt": "streamlit", "app.py": "import streamlit as st" },
    "streamlit run app.py --server.headless true --browser.gatherUsageStats false --server.address 0.0.0.0 --server.port $PORT",
  ],
  [
    "Django with gunicorn",
    { "requirements.txt": "django\ngunicorn", "manage.py": MANAGE, "shop/wsgi.py": "" },
    "gunicorn --worker-tmp-dir /dev/shm shop.wsgi:application",
  ],
  [
    "Django with settings of several files",
    {
      "requirements.txt": "django\nuvicorn",
      "web/manage.py": MANAGE.replace("settings", "settings.production"),
      "web/shop/settings/base.py": "ASGI_APPLICATION = 'shop.routing.app'",
    },
    "uvicorn shop.routing:app --host 0.0.0.0 --port $PORT",
  ],
  [
    "Django with Daphne beside gunicorn",
    {
      "requirements.txt": "django\ndaphne\ngunicorn",
      "manage.py": MANAGE,
      "shop/asgi.py": "",
      "shop/wsgi.py": "",
    },
    "daphne -b 0.0.0.0 -p $PORT shop.asgi:application",
  ],
  [
    "Django alone",
    { "requirements.txt": "django", "manage.py": MANAGE },
    "python3 manage.py runserver --noreload 0.0.0.0:$PORT",
  ],
  ["a project with one program", { "pyproject.toml": `${PACKAGE}serve = "shop:main"` }, "serve"],
  [
    "a project with a program of its own name",
    { "pyproject.toml": `${PACKAGE}admin = "shop:admin"\ncask_shop = "shop:main"` },
    "cask_shop",
  ],
  [
    "programs of setup.py",
    { "setup.py": "setup(entry_points={'console_scripts': ['shop = shop.cli:main']})" },
    "shop",
  ],
  [
    "programs of setup.cfg",
    { "setup.py": "", "setup.cfg": "[options.entry_points]\nconsole_scripts =\n  shop = shop.cli:main\n" },
    "shop",
  ],
  [
    "a project whose programs nobody installs",
    { "pyproject.toml": '[project.scripts]\na = "b:c"', "bot.py": "" },
    "python3 bot.py",
  ],
  [
    "scripts in the order of their names",
    { "server.py": "", "hello.py": "", "app.py": "" },
    "python3 app.py",
  ],
  ["a script in src", { "src/main.py": "" }, "python3 src/main.py"],
  ["a package that can be run", { "shop/__main__.py": "", "tests/__main__.py": "" }, "python3 -m shop"],
  ["a directory that can be run", { "__main__.py": "" }, "python3 ."],
  ["nothing that starts", { "requirements.txt": "flask", "shop/views.py": "" }, undefined],
];

for (const [title, files, line] of CASES) {
  test(`${title} is started by ${line ?? "nobody knows what"}`, async (t) => {
    const source = await sourceOf(t, files);
    const start = findStart(source, readProject(source));
    const words = start?.command ?? [];
    assert.equal(start && words.slice(words[1] === "-ISc" ? 3 : 0).join(" "), line);
  });
}

test("what does not listen to SIGTERM is ended by SIGINT", async (t) => {
  const signalOf = async (files: Record<string, string>): Promise<string | undefined> => {
    const source = await sourceOf(t, files);
    return findStart(source, readProject(source))?.stopSignal;
  };
  assert.equal(await signalOf({ "main.py": "import time" }), "SIGINT");
  assert.equal(await signalOf({ "main.py": "signal.signal(signal.SIGTERM, stop)" }), undefined);
  assert.equal(await signalOf({ "requirements.txt": "flask", "app.py": WSGI }), "SIGINT");
  assert.equal(await signalOf({ "requirements.txt": "flask\ngunicorn", "app.py": WSGI }), undefined);
});
