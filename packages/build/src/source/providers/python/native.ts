import type { Project } from "./project.ts";
import type { Release } from "./runtime.ts";

/** A package of Debian; by release where its name has changed. */
type DebianPackage = string | Readonly<Record<Release, string>>;

/** What of Debian a distribution needs that pip does not bring. */
interface Native {
  /** To compile it, since no wheel of it is published. A compiler and Python's headers come with it. */
  readonly build?: readonly string[];
  /** To run, since it loads these libraries or starts these programs. */
  readonly run?: readonly DebianPackage[];
}

const LDAP = { bookworm: "libldap-2.5-0", trixie: "libldap2", forky: "libldap2" } as const;

/**
 * Distributions by normal name. What is published as wheels that hold their libraries (Pillow, lxml,
 * cryptography, numpy, psycopg2-binary, …) needs nothing and is not here.
 */
const NATIVE: Readonly<Record<string, Native>> = {
  cairocffi: { run: ["libcairo2"] },
  cairosvg: { run: ["libcairo2"] },
  "ffmpeg-python": { run: ["ffmpeg"] },
  gitpython: { run: ["git"] },
  mysqlclient: { build: ["default-libmysqlclient-dev", "pkg-config"], run: ["libmariadb3"] },
  "opencv-python": { run: ["libgl1", "libglib2.0-0"] },
  pdf2image: { run: ["poppler-utils"] },
  psycopg: { run: ["libpq5"] },
  "psycopg-c": { build: ["libpq-dev"], run: ["libpq5"] },
  psycopg2: { build: ["libpq-dev"], run: ["libpq5"] },
  pyaudio: { build: ["portaudio19-dev"], run: ["libportaudio2"] },
  pycairo: { build: ["libcairo2-dev", "pkg-config"], run: ["libcairo2"] },
  pydub: { run: ["ffmpeg"] },
  pygobject: {
    build: ["libcairo2-dev", "libgirepository1.0-dev", "pkg-config"],
    run: ["libgirepository-1.0-1"],
  },
  pygraphviz: { build: ["libgraphviz-dev", "pkg-config"], run: ["graphviz"] },
  pytesseract: { run: ["tesseract-ocr"] },
  "python-ldap": { build: ["libldap-dev", "libsasl2-dev"], run: [LDAP, "libsasl2-2"] },
  "python-magic": { run: ["libmagic1"] },
  pyodbc: { run: ["unixodbc"] },
  uwsgi: { build: [] },
  weasyprint: { run: ["libpango-1.0-0", "libpangoft2-1.0-0", "libharfbuzz-subset0"] },
};

/** What those need that are published as wheels too, where the project wants them compiled here (`--no-binary`). */
const COMPILED: Readonly<Record<string, Native>> = {
  cffi: { build: ["libffi-dev"], run: ["libffi8"] },
  lxml: {
    build: ["libxml2-dev", "libxslt1-dev"],
    run: [{ bookworm: "libxml2", trixie: "libxml2", forky: "libxml2-16" }, "libxslt1.1"],
  },
  pillow: {
    build: [
      "libfreetype-dev",
      "libjpeg62-turbo-dev",
      "liblcms2-dev",
      "libopenjp2-7-dev",
      "libtiff-dev",
      "libwebp-dev",
    ],
    run: [
      "libfreetype6",
      "libjpeg62-turbo",
      "liblcms2-2",
      "libopenjp2-7",
      "libtiff6",
      "libwebpdemux2",
      "libwebpmux3",
    ],
  },
  pyyaml: { build: ["libyaml-dev"], run: ["libyaml-0-2"] },
};

export interface NativePackages {
  readonly build: readonly string[];
  readonly run: readonly string[];
}

/** Debian's packages that a project's distributions need to be compiled, and to run. */
export function nativePackages({ names, requirements }: Project, release: Release): NativePackages {
  const asked = new Set(requirements?.compiled);
  const wanted = asked.has(":all:") ? names : asked;
  const found = [
    ...Object.entries(NATIVE).filter(([name]) => names.has(name)),
    ...Object.entries(COMPILED).filter(([name]) => wanted.has(name)),
  ];
  const build = found.flatMap(([, native]) => native.build ?? []);
  const isCompiled = asked.size > 0 || found.some(([, native]) => native.build !== undefined);
  const compilers = ["gcc", "libc6-dev", "python3-dev", ...(asked.size > 0 ? ["g++"] : [])];
  return {
    build: isCompiled ? sorted([...compilers, ...build]) : [],
    run: sorted(
      found.flatMap(([, { run = [] }]) =>
        run.map((name) => (typeof name === "string" ? name : name[release])),
      ),
    ),
  };
}

function sorted(names: readonly string[]): readonly string[] {
  return [...new Set(names)].toSorted();
}
