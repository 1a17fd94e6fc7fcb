import type { Ask } from "../examples/table.ts";
import { type Ecosystem } from "./fetch.ts";

/** An application that somebody published, and how one sees that it works. */
export interface Application {
  readonly ecosystem: Ecosystem;
  readonly package: string;
  readonly version: string;
  /** Flags of `cooper build`. */
  readonly flags?: readonly string[];
  /** Files that lie beside the application: what whoever runs it would write. */
  readonly files?: Readonly<Record<string, string>>;
  readonly asks: readonly Ask[];
  /** Directories that it has to write. */
  readonly writes?: readonly string[];
  /** `always`: one or two of an ecosystem. `all`: with COOPER_TEST_APPLICATIONS=all, or by name. */
  readonly run: "always" | "all";
}

/** What CommonMark's XML is of nothing. */
const EMPTY_DOCUMENT =
  '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE document SYSTEM "CommonMark.dtd">\n<document xmlns="http://commonmark.org/xml/1.0" />\n';

/** By ecosystem and name; whoever adds a provider adds rows. */
export const APPLICATIONS: readonly Application[] = [
  {
    ecosystem: "crates",
    package: "hexyl",
    version: "0.17.0",
    asks: [{ arguments: ["--version"], prints: "hexyl 0.17.0\n" }],
    run: "all",
  },
  {
    ecosystem: "crates",
    package: "sfz",
    version: "0.7.1",
    flags: ["--start", "sfz --bind 0.0.0.0 --port 8080 /etc"],
    asks: [{ path: "/group", answer: "nonroot:x:65532:" }],
    run: "all",
  },
  {
    ecosystem: "debian",
    package: "cmark",
    version: "0.30.2-6",
    asks: [{ arguments: ["--to", "xml", "/dev/null"], prints: EMPTY_DOCUMENT }],
    run: "all",
  },
  {
    ecosystem: "debian",
    package: "hello",
    version: "2.10-3",
    asks: [{ arguments: [], prints: "Hello, world!\n" }],
    run: "always",
  },
  {
    ecosystem: "debian",
    package: "memcached",
    version: "1.6.18-1+deb12u1",
    asks: [{ arguments: ["--version"], prints: "memcached 1.6.18\n" }],
    run: "all",
  },
  {
    ecosystem: "go",
    package: "filippo.io/age",
    version: "v1.2.0",
    flags: ["--env", "GO_BIN=age-keygen"],
    asks: [{ arguments: ["--version"], prints: "(devel)\n" }],
    run: "all",
  },
  {
    ecosystem: "go",
    package: "github.com/hashicorp/http-echo",
    version: "v1.0.0",
    flags: ["--start", "http-echo -listen=:8080 -text=casks"],
    asks: [{ path: "/", answer: "casks" }],
    run: "always",
  },
  {
    ecosystem: "go",
    package: "github.com/prometheus/blackbox_exporter",
    version: "v0.25.0",
    flags: ["--start", "blackbox_exporter --web.listen-address=:8080 --config.file=/app/config/blackbox.yml"],
    files: { "config/blackbox.yml": "modules:\n  page:\n    prober: http\n" },
    asks: [{ path: "/config", answer: "prober: http" }],
    run: "all",
  },
  {
    ecosystem: "maven",
    package: "org.littleshoot:littleproxy",
    version: "1.1.2",
    asks: [{ path: "/", answer: "Bad Request to URI: /" }],
    run: "always",
  },
  {
    ecosystem: "npm",
    package: "cors-anywhere",
    version: "0.4.4",
    asks: [{ path: "/", answer: "This API enables cross-origin requests" }],
    run: "always",
  },
  {
    ecosystem: "npm",
    package: "http-server",
    version: "14.1.1",
    asks: [{ path: "/package.json", answer: '"name": "http-server"' }],
    run: "always",
  },
  {
    ecosystem: "npm",
    package: "json-server",
    version: "0.17.4",
    // Published as it was built, without what it was built from.
    flags: ["--build", "", "--start", "node lib/cli/bin.js --host 0.0.0.0 --port 8080 casks.json"],
    files: { "casks.json": '{"casks":[{"id":1,"wood":"oak"}]}' },
    asks: [{ path: "/casks/1", answer: '"wood": "oak"' }],
    run: "all",
  },
  {
    ecosystem: "npm",
    package: "node-red",
    version: "4.1.15",
    flags: ["--start", "node red.js --userDir /data"],
    asks: [{ path: "/", answer: "<title>Node-RED</title>" }],
    writes: ["/data"],
    run: "all",
  },
  {
    ecosystem: "npm",
    package: "peer",
    version: "1.0.2",
    flags: ["--build", ""], // as json-server
    asks: [{ path: "/", answer: "PeerJS Server" }],
    run: "all",
  },
  {
    ecosystem: "npm",
    package: "serve",
    version: "14.2.7",
    asks: [{ path: "/readme.md", answer: "helps you serve a static site" }],
    run: "all",
  },
  {
    ecosystem: "pypi",
    package: "datasette",
    version: "0.65.1",
    // It needs a module that setuptools has no more, and does not say so.
    flags: ["--install", "pip install . 'setuptools<81'", "--start", "datasette serve -h 0.0.0.0 -p 8080"],
    asks: [{ path: "/-/versions.json", answer: '"datasette": {"version": "0.65.1"' }],
    run: "all",
  },
  {
    ecosystem: "pypi",
    package: "httpbin",
    version: "0.10.2",
    flags: ["--env", "PYTHON_EXTRAS=mainapp", "--start", "gunicorn --worker-tmp-dir /dev/shm httpbin:app"],
    asks: [{ path: "/get?casks=3", answer: '"casks":"3"' }],
    run: "all",
  },
  {
    ecosystem: "pypi",
    package: "httpie",
    version: "3.2.4",
    asks: [{ arguments: ["--version"], prints: "3.2.4\n" }],
    run: "all",
  },
  {
    ecosystem: "pypi",
    package: "mkdocs",
    version: "1.6.1",
    flags: ["--start", "mkdocs serve --dev-addr 0.0.0.0:8080"],
    files: { "mkdocs.yml": "site_name: Casks\n", "docs/index.md": "# Three casks\n" },
    asks: [{ path: "/", answer: "Three casks" }],
    writes: ["/tmp"],
    run: "all",
  },
  {
    ecosystem: "pypi",
    package: "pypiserver",
    version: "2.3.2",
    flags: ["--start", "pypi-server run --interface 0.0.0.0 --port 8080 /packages"],
    asks: [{ path: "/", answer: "Welcome to pypiserver!" }],
    writes: ["/packages"],
    run: "always",
  },
  {
    ecosystem: "pypi",
    package: "radicale",
    version: "3.3.1",
    flags: ["--start", "radicale --hosts 0.0.0.0:8080 --storage-filesystem-folder /data"],
    asks: [{ path: "/.web/", answer: "Radicale" }],
    writes: ["/data"],
    run: "all",
  },
];
