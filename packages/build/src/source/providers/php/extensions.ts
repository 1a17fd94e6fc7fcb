/** Extensions that Debian's PHP always has. */
const BUILT_IN: ReadonlySet<string> = new Set(
  (
    "calendar core ctype date exif ffi fileinfo filter ftp gettext hash iconv json libxml openssl pcntl pcre pdo " +
    "phar posix random readline reflection session shmop sockets sodium spl standard sysvmsg sysvsem sysvshm " +
    "tokenizer zend-opcache opcache zlib"
  ).split(" "),
);

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

/** Debian's packages that have these extensions: `pdo_mysql` is in `php8.2-mysql`. */
export function extensionPackages(extensions: readonly string[], version: string): readonly string[] {
  const names = extensions
    .map((extension) => extension.toLowerCase().replaceAll("_", "-"))
    .filter((extension) => !BUILT_IN.has(extension))
    .map((extension) => `php${version}-${PACKAGES[extension] ?? extension}`);
  return [...new Set(names)].toSorted();
}
