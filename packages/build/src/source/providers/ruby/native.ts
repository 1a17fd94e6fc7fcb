import { named, type Names } from "../../distribution/names.ts";

/** What a gem needs that RubyGems does not bring: to compile it, and to run. */
interface Native {
  readonly build: readonly Names[];
  readonly run?: readonly Names[];
}

const vips = named("libvips42", "vips", undefined);

/** Gems that are compiled against a library. Those that come compiled (nokogiri, sqlite3, ffi) need nothing. */
const NATIVE: Readonly<Record<string, Native>> = {
  curb: {
    build: [named("libcurl4-openssl-dev", "curl-dev", undefined)],
    run: [named("libcurl4", "libcurl", undefined)],
  },
  execjs: { build: [named("nodejs", "nodejs", "nodejs")] },
  image_processing: { build: [], run: [vips] },
  mysql2: {
    build: [named("default-libmysqlclient-dev", "mariadb-connector-c-dev", undefined)],
    run: [named("libmariadb3", "mariadb-connector-c", undefined)],
  },
  pg: {
    // Debian's pg_config is a program of Perl, and its package does not say so.
    build: [
      named("libpq-dev", "libpq-dev", undefined),
      { title: "Perl", apt: "perl-base", apk: "", nix: "" },
    ],
    run: [named("libpq5", "libpq", undefined)],
  },
  psych: {
    build: [named("libyaml-dev", "yaml-dev", undefined)],
    run: [named("libyaml-0-2", "yaml", undefined)],
  },
  rmagick: {
    build: [named("libmagickwand-dev", "imagemagick-dev", undefined)],
    run: [named("imagemagick", "imagemagick", undefined)],
  },
  "ruby-vips": { build: [], run: [vips] },
};

/** What these gems need. */
export function nativePackages(names: ReadonlySet<string>): {
  readonly build: readonly Names[];
  readonly run: readonly Names[];
} {
  const found = Object.entries(NATIVE).flatMap(([name, native]) => (names.has(name) ? [native] : []));
  return {
    build: sorted(found.flatMap(({ build }) => build)),
    run: sorted(found.flatMap(({ run = [] }) => run)),
  };
}

function sorted(rows: readonly Names[]): readonly Names[] {
  return rows.toSorted((a, b) => (a.title < b.title ? -1 : 1));
}
