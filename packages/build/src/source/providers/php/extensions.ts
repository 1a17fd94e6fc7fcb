import { named, type Names } from "../../distribution/names.ts";
import type { Chosen } from "../../versions/choose-release.ts";

/** Extensions that Debian's PHP always has. */
const BUILT_IN: ReadonlySet<string> = new Set(
  (
    "calendar core ctype date exif ffi fileinfo filter ftp gettext hash iconv json libxml openssl pcntl pcre pdo " +
    "phar posix random readline reflection session shmop sockets sodium spl standard sysvmsg sysvsem sysvshm " +
    "tokenizer zend-opcache opcache zlib"
  ).split(" "),
);

/** Those that Alpine's has; every other is a package there. */
const BUILT_IN_ALPINE: ReadonlySet<string> = new Set(
  "core date filter hash json libxml pcre random readline reflection spl standard zlib".split(" "),
);

/** What applications and Composer take for granted, because PHP's makers build it in. */
const USUAL = (
  "ctype curl dom fileinfo ftp gettext iconv mbstring opcache openssl pcntl pdo phar posix session simplexml " +
  "sockets sodium tokenizer xml xmlreader xmlwriter"
).split(" ");

/** Extensions that are in a package of another name; every other has its own. */
const PACKAGES: Readonly<Record<string, string>> = {
  dom: "xml",
  mysqli: "mysql",
  mysqlnd: "mysql",
  "pdo-mysql": "mysql",
  "pdo-pgsql": "pgsql",
  "pdo-sqlite": "sqlite3",
  simplexml: "xml",
  xmlreader: "xml",
  xmlwriter: "xml",
  xsl: "xml",
};

/** Those that are of PECL, and their packages' name for it. */
const PECL: ReadonlySet<string> = new Set(
  "amqp apcu ast ds event igbinary imagick mailparse memcached mongodb msgpack protobuf rdkafka redis ssh2 swoole uuid xdebug yaml zstd".split(
    " ",
  ),
);

/** The packages that have these extensions: `pdo_mysql` is in Debian's `php8.2-mysql`, Alpine's `php82-pdo_mysql`. */
export function extensionPackages(
  extensions: readonly string[],
  { version, from }: Pick<Chosen, "version" | "from">,
): readonly Names[] {
  const packages =
    from.ecosystem === "apk" ? alpinePackages(extensions, version) : debianPackages(extensions, version);
  return [...new Set(packages)].toSorted().map((name) => named(name, name, undefined));
}

function debianPackages(extensions: readonly string[], version: string): readonly string[] {
  return extensions
    .map((extension) => extension.toLowerCase().replaceAll("_", "-"))
    .filter((extension) => !BUILT_IN.has(extension))
    .map((extension) => `php${version}-${PACKAGES[extension] ?? extension}`);
}

function alpinePackages(extensions: readonly string[], version: string): readonly string[] {
  return [
    ...USUAL,
    ...extensions.map((extension) => extension.toLowerCase().replace("zend-", "").replaceAll("-", "_")),
  ]
    .filter((extension) => !BUILT_IN_ALPINE.has(extension))
    .map((extension) => `${alpineName(version)}-${PECL.has(extension) ? "pecl-" : ""}${extension}`);
}

/** Alpine's package of a version of PHP: `php84`. */
export function alpineName(version: string): string {
  return `php${version.replace(".", "")}`;
}
