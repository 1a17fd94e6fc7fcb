/** A library of Debian 12, by the names that those who use it give it. */
export interface Library {
  readonly build: readonly string[];
  readonly runtime: readonly string[];
}

/** The libraries of these names (of pkg-config, CMake, `-l`, a crate), each once; others are left out. */
export function librariesOf(names: Iterable<string>): readonly Library[] {
  const found = new Set<Library>();
  for (const name of names) {
    const library = BY_NAME.get(name.toLowerCase());
    if (library !== undefined) found.add(library);
  }
  return [...found];
}

/**
 * Names of pkg-config's modules, CMake's packages, linker's libraries and Rust's crates; packages to
 * compile with; packages to run with. Names are lower case.
 */
const TABLE: readonly (readonly [names: string, build: string, runtime: string])[] = [
  ["openssl libssl libcrypto ssl crypto openssl-sys", "libssl-dev", "libssl3"],
  ["zlib z", "zlib1g-dev", "zlib1g"],
  ["bzip2 bz2", "libbz2-dev", "libbz2-1.0"],
  ["liblzma lzma", "liblzma-dev", "liblzma5"],
  ["libzstd zstd", "libzstd-dev", "libzstd1"],
  ["liblz4 lz4", "liblz4-dev", "liblz4-1"],
  ["libbrotlienc libbrotlidec libbrotlicommon brotli", "libbrotli-dev", "libbrotli1"],
  ["snappy", "libsnappy-dev", "libsnappy1v5"],
  ["libxxhash xxhash", "libxxhash-dev", "libxxhash0"],
  ["libarchive archive", "libarchive-dev", "libarchive13"],
  ["sqlite3 libsqlite3-sys", "libsqlite3-dev", "libsqlite3-0"],
  ["libpq pq postgresql pq-sys", "libpq-dev", "libpq5"],
  ["mysqlclient mariadb libmariadb mysqlclient-sys", "libmariadb-dev libmariadb-dev-compat", "libmariadb3"],
  ["lmdb", "liblmdb-dev", "liblmdb0"],
  ["leveldb", "libleveldb-dev", "libleveldb1d"],
  ["rocksdb", "librocksdb-dev", "librocksdb7.8"],
  ["hiredis", "libhiredis-dev", "libhiredis0.14"],
  ["rdkafka", "librdkafka-dev", "librdkafka1"],
  ["libmongoc-1.0 mongoc-1.0", "libmongoc-dev", "libmongoc-1.0-0"],
  ["libcurl curl", "libcurl4-openssl-dev", "libcurl4"],
  ["libnghttp2 nghttp2", "libnghttp2-dev", "libnghttp2-14"],
  ["libmicrohttpd microhttpd", "libmicrohttpd-dev", "libmicrohttpd12"],
  ["libwebsockets websockets", "libwebsockets-dev", "libwebsockets17"],
  ["libevent event libevent_core event_core libevent_pthreads", "libevent-dev", "libevent-2.1-7"],
  ["libev ev", "libev-dev", "libev4"],
  ["libuv uv", "libuv1-dev", "libuv1"],
  ["liburing uring", "liburing-dev", "liburing2"],
  ["libcares cares c-ares", "libc-ares-dev", "libc-ares2"],
  ["libzmq zmq zeromq", "libzmq3-dev", "libzmq5"],
  ["libssh2 ssh2", "libssh2-1-dev", "libssh2-1"],
  ["libsodium sodium", "libsodium-dev", "libsodium23"],
  ["gnutls", "libgnutls28-dev", "libgnutls30"],
  ["libgcrypt gcrypt", "libgcrypt20-dev", "libgcrypt20"],
  ["mbedtls mbedcrypto", "libmbedtls-dev", "libmbedtls14"],
  ["libxml-2.0 libxml2 xml2", "libxml2-dev", "libxml2"],
  ["libxslt xslt", "libxslt1-dev", "libxslt1.1"],
  ["expat", "libexpat1-dev", "libexpat1"],
  ["yaml-0.1 yaml libyaml", "libyaml-dev", "libyaml-0-2"],
  ["yaml-cpp", "libyaml-cpp-dev", "libyaml-cpp0.7"],
  ["jansson", "libjansson-dev", "libjansson4"],
  ["json-c", "libjson-c-dev", "libjson-c5"],
  ["libcjson cjson", "libcjson-dev", "libcjson1"],
  ["nlohmann_json", "nlohmann-json3-dev", ""],
  ["rapidjson", "rapidjson-dev", ""],
  ["protobuf protoc prost-build protobuf-codegen", "libprotobuf-dev protobuf-compiler", "libprotobuf32"],
  ["fmt", "libfmt-dev", "libfmt9"],
  ["spdlog", "libspdlog-dev", "libspdlog1.10"],
  ["boost boost_headers", "libboost-dev", ""],
  ["asio", "libasio-dev", ""],
  ["glib-2.0 gio-2.0 gobject-2.0", "libglib2.0-dev", "libglib2.0-0"],
  ["libpcre2-8 pcre2 pcre2-8 libpcre2-posix", "libpcre2-dev", "libpcre2-8-0"],
  ["ncurses ncursesw curses tinfo", "libncurses-dev", "libncursesw6 libncurses6"],
  ["readline libreadline", "libreadline-dev", "libreadline8"],
  ["libedit edit", "libedit-dev", "libedit2"],
  ["gmp", "libgmp-dev", "libgmp10"],
  ["uuid", "uuid-dev", "libuuid1"],
  ["libcap cap", "libcap-dev", "libcap2"],
  ["libseccomp seccomp", "libseccomp-dev", "libseccomp2"],
  ["libsystemd systemd", "libsystemd-dev", "libsystemd0"],
  ["libudev udev libudev-sys", "libudev-dev", "libudev1"],
  ["pam", "libpam0g-dev", "libpam0g"],
  ["libcrypt crypt", "libcrypt-dev", "libcrypt1"],
  ["icu-uc icu-i18n icu", "libicu-dev", "libicu72"],
  ["libidn2 idn2", "libidn2-dev", "libidn2-0"],
  ["libmagic magic", "libmagic-dev", "libmagic1"],
  ["libpng png", "libpng-dev", "libpng16-16"],
  ["libjpeg jpeg", "libjpeg62-turbo-dev", "libjpeg62-turbo"],
  ["libwebp webp", "libwebp-dev", "libwebp7 libwebpdemux2 libwebpmux3"],
  ["freetype2 freetype", "libfreetype-dev", "libfreetype6"],
  ["vips", "libvips-dev", "libvips42"],
  ["alsa alsa-sys", "libasound2-dev", "libasound2"],
  ["dbus-1 libdbus-sys", "libdbus-1-dev", "libdbus-1-3"],
  ["libpcap pcap", "libpcap-dev", "libpcap0.8"],
  ["libnl-3.0", "libnl-3-dev", "libnl-3-200"],
  ["lua lua5.4 lua54", "liblua5.4-dev", "liblua5.4-0"],
  ["luajit", "libluajit-5.1-dev", "libluajit-5.1-2"],
  ["clang-sys", "libclang-dev", ""],
  ["cmake", "cmake", ""],
  ["link-cplusplus cxx", "g++", "libstdc++6"],
];

/** Parts of Boost that are libraries of their own, as CMake's components. */
const BOOST: typeof TABLE = [
  "atomic chrono context coroutine date_time filesystem iostreams locale log program_options regex",
  "serialization system thread timer",
]
  .flatMap(words)
  .map((part) => {
    const name = part.replaceAll("_", "-");
    return [`boost_${part}`, `libboost-${name}-dev`, `libboost-${name}1.74.0`] as const;
  });

const BY_NAME: ReadonlyMap<string, Library> = new Map(
  [...TABLE, ...BOOST].flatMap(([names, build, runtime]) => {
    const library = { build: words(build), runtime: words(runtime) };
    return words(names).map((name) => [name, library] as const);
  }),
);

function words(text: string): readonly string[] {
  return text.split(" ").filter((word) => word !== "");
}
