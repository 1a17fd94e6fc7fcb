import type { Chosen } from "../../versions/choose-release.ts";
import { named, type Names, type Need, same, SHARED } from "../../distribution/names.ts";
import type { Project } from "./project.ts";

/** What a distribution needs that pip does not bring. */
interface Native {
  /** To compile it, since no wheel of it is published. A compiler and Python's headers come with it. */
  readonly build?: readonly Names[];
  /** To run, since it loads these libraries or starts these programs. */
  readonly run?: readonly Names[];
}

const cairo = named("libcairo2", "cairo", undefined);
const cairoHeaders = named("libcairo2-dev", "cairo-dev", undefined);
const postgres = named("libpq5", "libpq", undefined);
const postgresHeaders = named("libpq-dev", "libpq-dev", undefined);
/** Debian's pg_config is a program of Perl, and its package does not say so. */
const perl = { title: "Perl", apt: "perl-base", apk: "", nix: "" };
const pkgConfig = SHARED["pkg-config"];
const ldap = named("libldap2", "libldap", undefined);
const xml = named("libxml2", "libxml2", undefined);
/** Whose names differ between Debian's releases. */
const RENAMED: ReadonlyMap<Names, Readonly<Record<string, Names>>> = new Map([
  [ldap, { bookworm: named("libldap-2.5-0", undefined, undefined) }],
  [xml, { forky: named("libxml2-16", undefined, undefined) }],
]);

/**
 * Distributions by normal name. What is published as wheels that hold their libraries (Pillow, lxml,
 * cryptography, numpy, psycopg2-binary, …) needs nothing and is not here.
 */
const NATIVE: Readonly<Record<string, Native>> = {
  cairocffi: { run: [cairo] },
  cairosvg: { run: [cairo] },
  "ffmpeg-python": { run: [same("ffmpeg")] },
  gitpython: { run: [SHARED.git] },
  mysqlclient: {
    build: [named("default-libmysqlclient-dev", "mariadb-connector-c-dev", undefined), pkgConfig],
    run: [named("libmariadb3", "mariadb-connector-c", undefined)],
  },
  "opencv-python": { run: [named("libgl1", "mesa-gl", undefined), named("libglib2.0-0", "glib", undefined)] },
  pdf2image: { run: [named("poppler-utils", "poppler-utils", "poppler_utils")] },
  psycopg: { run: [postgres] },
  "psycopg-c": { build: [postgresHeaders, perl], run: [postgres] },
  psycopg2: { build: [postgresHeaders, perl], run: [postgres] },
  pyaudio: {
    build: [named("portaudio19-dev", "portaudio-dev", undefined)],
    run: [named("libportaudio2", "portaudio", undefined)],
  },
  pycairo: { build: [cairoHeaders, pkgConfig], run: [cairo] },
  pydub: { run: [same("ffmpeg")] },
  pygobject: {
    build: [cairoHeaders, named("libgirepository1.0-dev", "gobject-introspection-dev", undefined), pkgConfig],
    run: [named("libgirepository-1.0-1", "gobject-introspection", undefined)],
  },
  pygraphviz: {
    build: [named("libgraphviz-dev", "graphviz-dev", undefined), pkgConfig],
    run: [same("graphviz")],
  },
  pytesseract: { run: [named("tesseract-ocr", "tesseract-ocr", "tesseract")] },
  "python-ldap": {
    build: [
      named("libldap-dev", "openldap-dev", undefined),
      named("libsasl2-dev", "cyrus-sasl-dev", undefined),
    ],
    run: [ldap, named("libsasl2-2", "libsasl", undefined)],
  },
  "python-magic": { run: [named("libmagic1", "libmagic", undefined)] },
  pyodbc: { run: [named("unixodbc", "unixodbc", undefined)] },
  uwsgi: { build: [{ title: "the kernel's headers", apt: "", apk: "linux-headers", nix: "" }] },
  weasyprint: {
    run: [
      named("libpango-1.0-0", "pango", undefined),
      named("libpangoft2-1.0-0", "pango", undefined),
      named("libharfbuzz-subset0", "harfbuzz", undefined),
    ],
  },
};

/** What those need that are published as wheels too, where the project wants them compiled here (`--no-binary`). */
const COMPILED: Readonly<Record<string, Native>> = {
  cffi: {
    build: [named("libffi-dev", "libffi-dev", undefined)],
    run: [named("libffi8", "libffi", undefined)],
  },
  lxml: {
    build: [named("libxml2-dev", "libxml2-dev", undefined), named("libxslt1-dev", "libxslt-dev", undefined)],
    run: [xml, named("libxslt1.1", "libxslt", undefined)],
  },
  pillow: {
    build: [
      named("libfreetype-dev", "freetype-dev", undefined),
      named("libjpeg62-turbo-dev", "libjpeg-turbo-dev", undefined),
      named("liblcms2-dev", "lcms2-dev", undefined),
      named("libopenjp2-7-dev", "openjpeg-dev", undefined),
      named("libtiff-dev", "tiff-dev", undefined),
      named("libwebp-dev", "libwebp-dev", undefined),
    ],
    run: [
      named("libfreetype6", "freetype", undefined),
      named("libjpeg62-turbo", "libjpeg-turbo", undefined),
      named("liblcms2-2", "lcms2", undefined),
      named("libopenjp2-7", "openjpeg", undefined),
      named("libtiff6", "tiff", undefined),
      named("libwebpdemux2", "libwebp", undefined),
      named("libwebpmux3", "libwebp", undefined),
    ],
  },
  pyyaml: {
    build: [named("libyaml-dev", "yaml-dev", undefined)],
    run: [named("libyaml-0-2", "yaml", undefined)],
  },
};

const COMPILER: readonly Names[] = [
  SHARED["C compiler"],
  SHARED["C headers"],
  // nixpkgs' Python has its headers with it.
  { title: "Python's headers", apt: "python3-dev", apk: "python3-dev", nix: "" },
];

export interface NativePackages {
  readonly build: readonly Need[];
  readonly run: readonly Need[];
}

/** What a project's distributions need to be compiled, and to run. */
export function nativePackages({ names, requirements }: Project, { release = "" }: Chosen): NativePackages {
  const asked = new Set(requirements?.compiled);
  const wanted = asked.has(":all:") ? names : asked;
  const found = [
    ...Object.entries(NATIVE).filter(([name]) => names.has(name)),
    ...Object.entries(COMPILED).filter(([name]) => wanted.has(name)),
  ];
  const build = found.flatMap(([, native]) => native.build ?? []);
  const isCompiled = asked.size > 0 || found.some(([, native]) => native.build !== undefined);
  const compilers = [...COMPILER, ...(asked.size > 0 ? [SHARED["C++ compiler"]] : [])];
  const run = found.flatMap(([, native]) => native.run ?? []);
  return {
    build: isCompiled ? sorted([...compilers, ...build]) : [],
    run: sorted(run.map((each) => RENAMED.get(each)?.[release] ?? each)),
  };
}

function sorted(rows: readonly Names[]): readonly Names[] {
  return rows.toSorted((a, b) => ((a.apt ?? a.title) < (b.apt ?? b.title) ? -1 : 1));
}
