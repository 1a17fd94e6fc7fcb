import type { Settings } from "../provider.ts";
import type { Source } from "../../project/source.ts";
import { goFiles } from "./commands.ts";
import type { GoModule } from "./modules.ts";

/** Whether programs are compiled with C, and the libraries that they are linked with. */
export interface Cgo {
  readonly use: "C" | "no C";
  readonly libraries: readonly string[];
}

/** Modules that are nothing without C, and the libraries of the system that they link with. */
const MODULES: Readonly<Record<string, readonly string[]>> = {
  "github.com/mattn/go-sqlite3": [],
  "github.com/mutecomm/go-sqlcipher": [],
  "github.com/confluentinc/confluent-kafka-go": [],
  "github.com/confluentinc/confluent-kafka-go/v2": [],
  "github.com/DataDog/zstd": [],
  "github.com/valyala/gozstd": [],
  "github.com/marcboeker/go-duckdb": ["cxx"],
  "github.com/marcboeker/go-duckdb/v2": ["cxx"],
  "github.com/duckdb/duckdb-go/v2": ["cxx"],
  "github.com/chai2010/webp": [],
  "github.com/h2non/bimg": ["vips"],
  "github.com/davidbyttow/govips/v2": ["vips"],
  "github.com/linxGnu/grocksdb": ["rocksdb", "cxx"],
  "github.com/pebbe/zmq4": ["libzmq"],
  "github.com/google/gopacket": ["libpcap"],
  "github.com/spacemonkeygo/openssl": ["openssl"],
  "github.com/bmatsuo/lmdb-go": [],
  "github.com/coreos/go-systemd/v22/sdjournal": ["libsystemd"],
};

/**
 * By the setting `CGO_ENABLED`; else C is used where a file of the source imports it or a required module
 * needs it. Without it a program is one file that needs nothing of the system.
 */
export function cgoOf(source: Source, modules: readonly GoModule[], settings: Settings): Cgo {
  const files = goFiles(source)
    .filter((path) => !/_(windows|darwin|freebsd|netbsd|openbsd|js|wasip1|android|ios)\.go$/.test(path))
    .map((path) => source.text(path) ?? "")
    .filter((text) => /^\s*(import\s+)?"C"\s*$/m.test(text));
  const known = modules
    .flatMap(({ requires }) => requires)
    .flatMap((path) => (path in MODULES ? [MODULES[path] ?? []] : []));
  const wanted = settings.variables["CGO_ENABLED"];
  const isUsed = wanted === undefined ? files.length > 0 || known.length > 0 : wanted !== "0";
  if (!isUsed) return { use: "no C", libraries: [] };
  return { use: "C", libraries: [...known.flat(), ...files.flatMap(librariesIn)] };
}

/** The libraries that a file's `#cgo` lines name. */
function librariesIn(text: string): readonly string[] {
  return [...text.matchAll(/^[\s/]*#cgo\s+[^:\n]*?(LDFLAGS|pkg-config)\s*:(.*)$/gm)].flatMap(
    ([, kind = "", rest = ""]) => {
      const words = rest.trim().split(/\s+/);
      if (kind === "pkg-config") return words.filter((word) => !word.startsWith("-"));
      return words.filter((word) => word.startsWith("-l")).map((word) => word.slice(2));
    },
  );
}
