import assert from "node:assert/strict";
import { test } from "node:test";
import { planSource } from "../../plan/plan-source.ts";
import { assertStoredPlan } from "../../plan/stored-plan.fixture.ts";
import { exampleOf, sourceOf } from "../../project/source.fixture.ts";

const FLASK = "app = Flask(__name__)\n";
const PROJECT =
  '[project]\nname = "shop"\nrequires-python = ">=3.12"\ndependencies = ["flask>=3", "gunicorn"]\n';
const BUILD = '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n';

/** Each package manager and each way to be started, by the name of the plan that is kept for it. */
const PLANS: Readonly<Record<string, Record<string, string>>> = {
  script: { "main.py": "print(3)\n" },
  "pip-requirements": {
    "requirements.txt": "-c constraints.txt\nflask\npsycopg2\n",
    "constraints.txt": "flask==3.0.3\n",
    "app.py": FLASK,
  },
  "pip-editable": { "requirements.txt": "-e .\ngunicorn\n", "setup.py": "", "app.py": FLASK },
  "pyproject-files": { "pyproject.toml": PROJECT, "app.py": FLASK },
  "pyproject-package": {
    "pyproject.toml": `${PROJECT}${BUILD}[project.scripts]\nshop = "shop:main"\n`,
    "shop/__init__.py": "",
  },
  "setup-py": {
    "setup.py": "setup(entry_points={'console_scripts': ['shop = shop:main']})",
    "shop/__init__.py": "",
  },
  poetry: {
    "pyproject.toml":
      '[tool.poetry]\nname = "shop"\npackage-mode = false\n[tool.poetry.dependencies]\npython = "^3.11"\n',
    "poetry.lock": '[[package]]\nname = "flask"\n[[package]]\nname = "gunicorn"\n',
    "app.py": FLASK,
  },
  pdm: {
    "pyproject.toml": PROJECT,
    "pdm.lock": '[[package]]\nname = "flask"\n[[package]]\nname = "waitress"\n',
    "app.py": FLASK,
  },
  uv: {
    "pyproject.toml": `${PROJECT}${BUILD}[tool.uv.workspace]\nmembers = ["packages/*"]\n`,
    "uv.lock": '[[package]]\nname = "flask"\n',
    "app.py": FLASK,
    "packages/stock/pyproject.toml": '[project]\nname = "stock"\n',
  },
  pipenv: {
    Pipfile: '[[source]]\nname = "pypi"\n[packages]\nflask = "*"\n[requires]\npython_version = "3.11"\n',
    "Pipfile.lock": '{"default": {"flask": {}, "mysqlclient": {}}}',
    "app.py": FLASK,
  },
  django: {
    "requirements.txt": "django\ngunicorn\n",
    "manage.py": 'os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shop.settings")',
    "shop/settings.py": 'WSGI_APPLICATION = "shop.wsgi.application"\nSTATIC_ROOT = "static"\n',
    "shop/wsgi.py": "",
  },
};

for (const [name, files] of Object.entries(PLANS)) {
  test(`the plan of an application of Python is the one that is kept: ${name}`, async (t) => {
    assertStoredPlan(planSource(await sourceOf(t, files), { variables: {} }), import.meta.dirname, name);
  });
}

for (const name of ["pdm", "pipenv", "setuptools"]) {
  test(`the plan of examples/python-${name} is the one that is kept`, async (t) => {
    const plan = planSource(await exampleOf(t, `python-${name}`), { variables: {} });
    assertStoredPlan(plan, import.meta.dirname, `example-${name}`);
  });
}

test("a Python is chosen that the project takes, and what cannot be had is told", async (t) => {
  const releaseOf = async (version: string): Promise<string | undefined> => {
    const source = await sourceOf(t, { "main.py": "", ".python-version": version });
    return planSource(source, { variables: {} }).deploy.root[0]?.split(":").at(-1);
  };
  assert.equal(await releaseOf(">=3.9"), "bookworm");
  assert.equal(await releaseOf("3.11.7"), "bookworm");
  assert.equal(await releaseOf(">=3.12"), "trixie");
  assert.equal(await releaseOf("3.14"), "forky");
  await assert.rejects(releaseOf("3.12"), {
    code: "VERSION_UNAVAILABLE",
    message: "Python 3.12 is asked for (.python-version), and there is 3.11, 3.13, 3.14",
  });
});

test("extras that are asked for are installed, by pip and by a lock file's tool", async (t) => {
  const variables = { PYTHON_EXTRAS: "web, s3" };
  const pyproject = `${PROJECT}[project.optional-dependencies]\nweb = ["uvicorn"]\ns3 = ["boto3"]\n`;
  const plain = await sourceOf(t, { "pyproject.toml": pyproject, "app.py": FLASK });
  const command = planSource(plain, { variables }).steps["dependencies"]?.commands[0] ?? "";
  assert.match(String(command), / install 'flask>=3' gunicorn uvicorn boto3 /);
  const locked = await sourceOf(t, { "pyproject.toml": pyproject, "uv.lock": "", "app.py": FLASK });
  assert.match(
    String(planSource(locked, { variables }).steps["lock"]?.commands[0]),
    / --extra web --extra s3 /,
  );
});

test("packages that no lock file names, and only its tool could find, are an error that says what to run", async (t) => {
  const pipfile = await sourceOf(t, { Pipfile: "[packages]\nflask = '*'\n", "app.py": FLASK });
  assert.throws(() => planSource(pipfile, { variables: {} }), {
    code: "SOURCE_INVALID",
    message: "Pipfile names packages, and there is no Pipfile.lock",
    advice: "Run pipenv lock, and keep what it writes with the source.",
  });
});

test("static files are collected unless it is said not to", async (t) => {
  const source = await sourceOf(t, PLANS["django"] ?? {});
  const variables = { DISABLE_COLLECTSTATIC: "1" };
  assert.equal(planSource(source, { variables }).steps["application"], undefined);
  const { copies } = planSource(source, { variables }).deploy;
  assert.deepEqual(copies.at(-1), { from: "source", source: ".", target: "app" });
});

test("a program that the project brings is in the image without the source, unless another one is started", async (t) => {
  const source = await sourceOf(t, PLANS["pyproject-package"] ?? {});
  const fromSource = (startCommand?: string): boolean =>
    planSource(source, { variables: {}, startCommand }).deploy.copies.some(({ from }) => from === "source");
  assert.equal(fromSource(), false);
  assert.equal(fromSource("python3 other.py"), true);
});
