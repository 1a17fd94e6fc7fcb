import { type Names, SHARED } from "../distribution/names.ts";

/** A library: what is needed to compile with it, and to run. */
export interface Library {
  readonly build: Names;
  readonly runtime: Names;
}

/** The libraries of these names (of pkg-config, CMake, `-l`, a crate), each once; others are left out. */
export function librariesOf(names: Iterable<string>): readonly Library[] {
  const found = new Set<Library>();
  for (const name of names) {
    const library = LIBRARIES.get(name.toLowerCase());
    if (library !== undefined) found.add(library);
  }
  return [...found];
}

type Row = readonly [names: string, build: string, runtime: string, apkBuild?: string, apkRuntime?: string];

/**
 * Names of pkg-config's modules, CMake's packages, linker's libraries and Rust's crates; Debian 12's
 * packages to compile with, and to run with; Alpine's, where it has them. Names are lower case. Of nixpkgs
 * there are none: its libraries lie where compilers look only if Nix itself builds.
 */
const TABLE: readonly Row[] = [
  ["openssl libssl libcrypto ssl crypto openssl-sys", "libssl-dev", "libssl3", "openssl-dev", "openssl"],
  ["zlib z", "zlib1g-dev", "zlib1g", "zlib-dev", "zlib"],
  ["bzip2 bz2", "libbz2-dev", "libbz2-1.0", "bzip2-dev", "libbz2"],
  ["liblzma lzma", "liblzma-dev", "liblzma5", "xz-dev", "xz-libs"],
  ["libzstd zstd", "libzstd-dev", "libzstd1", "zstd-dev", "zstd-libs"],
  ["liblz4 lz4", "liblz4-dev", "liblz4-1", "lz4-dev", "lz4-libs"],
  [
    "libbrotlienc libbrotlidec libbrotlicommon brotli",
    "libbrotli-dev",
    "libbrotli1",
    "brotli-dev",
    "brotli-libs",
  ],
  ["snappy", "libsnappy-dev", "libsnappy1v5", "snappy-dev", "snappy"],
  ["libxxhash xxhash", "libxxhash-dev", "libxxhash0", "xxhash-dev", "xxhash"],
  ["libarchive archive", "libarchive-dev", "libarchive13", "libarchive-dev", "libarchive"],
  ["sqlite3 libsqlite3-sys", "libsqlite3-dev", "libsqlite3-0", "sqlite-dev", "sqlite-libs"],
  ["libpq pq postgresql pq-sys", "libpq-dev", "libpq5", "libpq-dev", "libpq"],
  [
    "mysqlclient mariadb libmariadb mysqlclient-sys",
    "libmariadb-dev libmariadb-dev-compat",
    "libmariadb3",
    "mariadb-connector-c-dev",
    "mariadb-connector-c",
  ],
  ["lmdb", "liblmdb-dev", "liblmdb0", "lmdb-dev", "lmdb"],
  ["leveldb", "libleveldb-dev", "libleveldb1d", "leveldb-dev", "leveldb"],
  ["rocksdb", "librocksdb-dev", "librocksdb7.8", "rocksdb-dev", "rocksdb"],
  ["hiredis", "libhiredis-dev", "libhiredis0.14", "hiredis-dev", "hiredis"],
  ["rdkafka", "librdkafka-dev", "librdkafka1", "librdkafka-dev", "librdkafka"],
  ["libmongoc-1.0 mongoc-1.0", "libmongoc-dev", "libmongoc-1.0-0"],
  ["libcurl curl", "libcurl4-openssl-dev", "libcurl4", "curl-dev", "libcurl"],
  ["libnghttp2 nghttp2", "libnghttp2-dev", "libnghttp2-14", "nghttp2-dev", "nghttp2-libs"],
  ["libmicrohttpd microhttpd", "libmicrohttpd-dev", "libmicrohttpd12", "libmicrohttpd-dev", "libmicrohttpd"],
  ["libwebsockets websockets", "libwebsockets-dev", "libwebsockets17", "libwebsockets-dev", "libwebsockets"],
  [
    "libevent event libevent_core event_core libevent_pthreads",
    "libevent-dev",
    "libevent-2.1-7",
    "libevent-dev",
    "libevent",
  ],
  ["libev ev", "libev-dev", "libev4", "libev-dev", "libev"],
  ["libuv uv", "libuv1-dev", "libuv1", "libuv-dev", "libuv"],
  ["liburing uring", "liburing-dev", "liburing2", "liburing-dev", "liburing"],
  ["libcares cares c-ares", "libc-ares-dev", "libc-ares2", "c-ares-dev", "c-ares"],
  ["libzmq zmq zeromq", "libzmq3-dev", "libzmq5", "zeromq-dev", "libzmq"],
  ["libssh2 ssh2", "libssh2-1-dev", "libssh2-1", "libssh2-dev", "libssh2"],
  ["libsodium sodium", "libsodium-dev", "libsodium23", "libsodium-dev", "libsodium"],
  ["gnutls", "libgnutls28-dev", "libgnutls30", "gnutls-dev", "gnutls"],
  ["libgcrypt gcrypt", "libgcrypt20-dev", "libgcrypt20", "libgcrypt-dev", "libgcrypt"],
  ["mbedtls mbedcrypto", "libmbedtls-dev", "libmbedtls14", "mbedtls-dev", "mbedtls"],
  ["libxml-2.0 libxml2 xml2", "libxml2-dev", "libxml2", "libxml2-dev", "libxml2"],
  ["libxslt xslt", "libxslt1-dev", "libxslt1.1", "libxslt-dev", "libxslt"],
  ["expat", "libexpat1-dev", "libexpat1", "expat-dev", "expat"],
  ["yaml-0.1 yaml libyaml", "libyaml-dev", "libyaml-0-2", "yaml-dev", "yaml"],
  ["yaml-cpp", "libyaml-cpp-dev", "libyaml-cpp0.7", "yaml-cpp-dev", "yaml-cpp"],
  ["jansson", "libjansson-dev", "libjansson4", "jansson-dev", "jansson"],
  ["json-c", "libjson-c-dev", "libjson-c5", "json-c-dev", "json-c"],
  ["libcjson cjson", "libcjson-dev", "libcjson1", "cjson-dev", "cjson"],
  ["nlohmann_json", "nlohmann-json3-dev", "", "nlohmann-json", ""],
  ["rapidjson", "rapidjson-dev", "", "rapidjson-dev", ""],
  [
    "protobuf protoc prost-build protobuf-codegen",
    "libprotobuf-dev protobuf-compiler",
    "libprotobuf32",
    "protobuf-dev",
    "libprotobuf",
  ],
  ["fmt", "libfmt-dev", "libfmt9", "fmt-dev", "fmt"],
  ["spdlog", "libspdlog-dev", "libspdlog1.10", "spdlog-dev", "spdlog"],
  ["boost boost_headers", "libboost-dev", "", "boost-dev", ""],
  ["asio", "libasio-dev", "", "asio-dev", ""],
  ["glib-2.0 gio-2.0 gobject-2.0", "libglib2.0-dev", "libglib2.0-0", "glib-dev", "glib"],
  ["libpcre2-8 pcre2 pcre2-8 libpcre2-posix", "libpcre2-dev", "libpcre2-8-0", "pcre2-dev", "pcre2"],
  [
    "ncurses ncursesw curses tinfo",
    "libncurses-dev",
    "libncursesw6 libncurses6",
    "ncurses-dev",
    "ncurses-libs",
  ],
  ["readline libreadline", "libreadline-dev", "libreadline8", "readline-dev", "readline"],
  ["libedit edit", "libedit-dev", "libedit2", "libedit-dev", "libedit"],
  ["gmp", "libgmp-dev", "libgmp10", "gmp-dev", "gmp"],
  ["uuid", "uuid-dev", "libuuid1", "util-linux-dev", "libuuid"],
  ["libcap cap", "libcap-dev", "libcap2", "libcap-dev", "libcap"],
  ["libseccomp seccomp", "libseccomp-dev", "libseccomp2", "libseccomp-dev", "libseccomp"],
  ["libsystemd systemd", "libsystemd-dev", "libsystemd0"],
  ["libudev udev libudev-sys", "libudev-dev", "libudev1", "eudev-dev", "eudev-libs"],
  ["pam", "libpam0g-dev", "libpam0g", "linux-pam-dev", "linux-pam"],
  ["libcrypt crypt", "libcrypt-dev", "libcrypt1", "", ""],
  ["icu-uc icu-i18n icu", "libicu-dev", "libicu72", "icu-dev", "icu-libs"],
  ["libidn2 idn2", "libidn2-dev", "libidn2-0", "libidn2-dev", "libidn2"],
  ["libmagic magic", "libmagic-dev", "libmagic1", "file-dev", "libmagic"],
  ["libpng png", "libpng-dev", "libpng16-16", "libpng-dev", "libpng"],
  ["libjpeg jpeg", "libjpeg62-turbo-dev", "libjpeg62-turbo", "libjpeg-turbo-dev", "libjpeg-turbo"],
  ["libwebp webp", "libwebp-dev", "libwebp7 libwebpdemux2 libwebpmux3", "libwebp-dev", "libwebp"],
  ["freetype2 freetype", "libfreetype-dev", "libfreetype6", "freetype-dev", "freetype"],
  ["vips", "libvips-dev", "libvips42", "vips-dev", "vips"],
  ["alsa alsa-sys", "libasound2-dev", "libasound2", "alsa-lib-dev", "alsa-lib"],
  ["dbus-1 libdbus-sys", "libdbus-1-dev", "libdbus-1-3", "dbus-dev", "dbus-libs"],
  ["libpcap pcap", "libpcap-dev", "libpcap0.8", "libpcap-dev", "libpcap"],
  ["libnl-3.0", "libnl-3-dev", "libnl-3-200", "libnl3-dev", "libnl3"],
  ["lua lua5.4 lua54", "liblua5.4-dev", "liblua5.4-0", "lua5.4-dev", "lua5.4-libs"],
  ["luajit", "libluajit-5.1-dev", "libluajit-5.1-2", "luajit-dev", "luajit"],
  ["clang-sys", "libclang-dev", "", "clang-dev", ""],
];

/** Parts of Boost that are libraries of their own, as CMake's components. */
const BOOST: readonly Row[] = [
  "atomic chrono context coroutine date_time filesystem iostreams locale log program_options regex",
  "serialization system thread timer",
]
  .flatMap(words)
  .map((part) => {
    const name = part.replaceAll("_", "-");
    return [
      `boost_${part}`,
      `libboost-${name}-dev`,
      `libboost-${name}1.74.0`,
      "boost-dev",
      `boost-${part}`,
    ] as const;
  });

/** What comes with compilers, or is a program that crates call. */
const OF_TOOLS: readonly (readonly [names: string, library: Library])[] = [
  ["link-cplusplus cxx", { build: SHARED["C++ compiler"], runtime: SHARED["C++ library"] }],
  ["cmake", { build: SHARED.cmake, runtime: { title: "nothing", apt: "", apk: "", nix: "" } }],
];

/** By every name that they have. */
export const LIBRARIES: ReadonlyMap<string, Library> = new Map([
  ...[...TABLE, ...BOOST].flatMap(([names, build, runtime, apkBuild, apkRuntime]) => {
    const [title = names] = words(names);
    const library = {
      build: { title, apt: build, apk: apkBuild },
      runtime: { title, apt: runtime, apk: apkRuntime },
    };
    return words(names).map((name) => [name, library] as const);
  }),
  ...OF_TOOLS.flatMap(([names, library]) => words(names).map((name) => [name, library] as const)),
]);

function words(text: string): readonly string[] {
  return text.split(" ").filter((word) => word !== "");
}
