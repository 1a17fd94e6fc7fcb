/** What of Debian a gem needs that RubyGems does not bring: to compile it, and to run. */
interface Native {
  readonly build: readonly string[];
  readonly run?: readonly string[];
}

/** Gems that are compiled against a library. Those that come compiled (nokogiri, sqlite3, ffi) need nothing. */
const NATIVE: Readonly<Record<string, Native>> = {
  curb: { build: ["libcurl4-openssl-dev"], run: ["libcurl4"] },
  execjs: { build: ["nodejs"] },
  image_processing: { build: [], run: ["libvips42"] },
  mysql2: { build: ["default-libmysqlclient-dev"], run: ["libmariadb3"] },
  pg: { build: ["libpq-dev"], run: ["libpq5"] },
  psych: { build: ["libyaml-dev"], run: ["libyaml-0-2"] },
  rmagick: { build: ["libmagickwand-dev"], run: ["imagemagick"] },
  "ruby-vips": { build: [], run: ["libvips42"] },
};

/** Debian's packages for these gems. */
export function nativePackages(names: ReadonlySet<string>): {
  readonly build: readonly string[];
  readonly run: readonly string[];
} {
  const found = Object.entries(NATIVE).flatMap(([name, native]) => (names.has(name) ? [native] : []));
  return {
    build: [...new Set(found.flatMap(({ build }) => build))].toSorted(),
    run: [...new Set(found.flatMap(({ run = [] }) => run))].toSorted(),
  };
}
