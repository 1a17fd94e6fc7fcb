import { z } from "zod";
import { makers, platforms, rootNames, upstreams } from "./demand-values.ts";
import { address, bytes, count, oneOf, seconds, text, texts } from "./values.ts";

/**
 * Everything that can be set of `cooper serve`, in the order that help and docs show it. The key is
 * the name in the config file; flag and environment variable follow from it (sources.ts).
 */
export const serveSchema = z.strictObject({
  listen: address("Address to listen on; :PORT is every address of this machine"),
  listenSharing: oneOf(
    ["alone", "shared"],
    "shared: several processes on one directory listen at one address, and each takes some of the connections",
  ),
  data: text("Keep everything in this directory", "DIR"),
  mode: oneOf(["read-write", "read-only"], "Whether anything can be pushed or deleted"),
  tlsCertificate: text(
    "Speak TLS with this certificate and its chain, in PEM; read again when it changes",
    "FILE",
  ).optional(),
  tlsKey: text("The private key of the certificate, in PEM; read again when it changes", "FILE").optional(),
  publicUrl: text("How clients reach the registry, where a proxy stands before it", "URL").optional(),
  proxies: texts("Addresses and networks whose X-Forwarded-For and X-Forwarded-Proto are believed", "CIDR;…"),

  logFormat: oneOf(["auto", "json", "plain"], "auto: plain on a terminal, JSON elsewhere"),
  logLevel: oneOf(
    ["debug", "info", "warn", "error"],
    "The least that is worth a line; info has every request",
  ),
  metricsListen: address("A separate address for /metrics, /healthz and /readyz").optional(),

  authUsers: text(
    "Users and bcrypt hashes of their passwords, as htpasswd -B writes them; read again when it changes",
    "FILE",
  ).optional(),
  authRealm: text("What clients show when they ask for a name and a password", "TEXT"),
  authRules: texts(
    "Who may do what: WHO ACTIONS REPOSITORIES (default: everybody everything, or with authUsers @users all **)",
    "RULE;…",
  ),
  authGroups: texts("Groups of users that rules may name as @NAME", "NAME=USER,…;…"),
  tokenKey: text("Give out tokens at /token, signed with this private key in PEM", "FILE").optional(),
  tokenTime: seconds("How long a token holds"),
  tokenUrl: text("Take the tokens of another service, which clients get there", "URL").optional(),
  tokenPublicKeys: text("The public keys of that service: PEM, or a JSON Web Key Set", "FILE").optional(),
  tokenIssuer: text("Who gives tokens out: their iss", "NAME"),
  tokenService: text("For whom tokens are: their aud", "NAME"),

  manifestBytes: bytes("The most bytes of a manifest"),
  blobBytes: bytes("The most bytes of a blob").optional(),
  uploadsInFlight: count("Uploads that are received at once; more are answered with 429"),
  connections: count("Connections at once; more are closed at once").optional(),
  requestsPerSecond: count(
    "Requests a second that one client may make; more are answered with 429",
  ).optional(),
  requestBurst: count(
    "Requests that one client may make at once before the rate counts (default: ten seconds' worth)",
  ).optional(),
  headTime: seconds("How long a client may take to send the head of a request"),
  idleTime: seconds("How long a client may be silent in the middle of a request or an answer"),
  slowBytes: bytes("The least bytes that a transfer must move in each idleTime; 0: it may drip"),
  stopTime: seconds("How long transfers under way may take to end when the registry stops"),

  gcEvery: seconds("How often what nobody needs is collected; 0: never, or by cooper registry gc"),
  gcGrace: seconds("How long a blob that no manifest names is left alone after its last use"),
  gcUploads: seconds("How long an upload is kept to which nothing is added; no push may take longer"),
  madeTime: seconds("How long a made image is kept that nobody asks for"),
  madeBytes: bytes("The most bytes of all made images; what was not asked for longest goes first").optional(),

  make: makers("What is made when it is pulled; none: nothing"),
  makePlatforms: platforms("For which platforms images are made, as far as there is anything for them"),
  upstreams: upstreams(
    "Registries that a visitor may have images taken from; docs/on-demand.md has the words",
  ),
  rootNames: rootNames("What names mean that have no maker in front: nix, or mirror:HOST").optional(),
  refreshTime: seconds("After how long a made name is looked up again"),
  revalidateTime: seconds("After how long a mirrored tag is looked up again"),
  failureTime: seconds("How long it is remembered that something cannot be made"),
  lingerTime: seconds("How long a build goes on for which nobody waits any more"),
  holdTime: seconds("How long a client is held before it is told to ask again"),
  builds: count("Images being made at once (default: one for each processor)").optional(),
  buildsWaiting: count("Builds that wait for their turn; more are answered with 429"),
  buildsPerVisitor: count("Builds of one visitor, going on or waiting; more are answered with 429"),
  buildTime: seconds("How long a build may take"),
  buildMemory: bytes(
    "No build begins beside another while the process has more in memory (default: half of the machine's)",
  ).optional(),
  imageBytes: bytes("The most bytes of a made image, and of a mirrored blob"),
  downloads: count("Manifests and blobs being fetched at once for mirrors"),
  downloadsPerVisitor: count("Of them, those of one visitor"),

  references: oneOf(
    ["any", "stored"],
    "stored: a manifest may only name blobs and manifests that the repository has",
  ),
  anonymousMount: oneOf(
    ["allow", "refuse"],
    "Whether a blob may be mounted without saying from where",
  ).optional(),
  chunkMinBytes: bytes("The least bytes of a chunk that clients are asked for").optional(),
  warning: texts("Texts that every answer carries in Warning headers, and clients show", "TEXT;…"),
});

/** What every setting is that nobody sets. Written as a file, a flag or a variable would. */
export const DEFAULTS = {
  listen: "127.0.0.1:5000",
  listenSharing: "alone",
  mode: "read-write",
  proxies: "",
  logFormat: "auto",
  logLevel: "info",
  authRealm: "cooper",
  authRules: "",
  authGroups: "",
  tokenTime: "5m",
  tokenIssuer: "cooper",
  tokenService: "cooper",
  manifestBytes: "4MiB",
  uploadsInFlight: "1000",
  headTime: "20s",
  idleTime: "60s",
  slowBytes: "1KiB",
  stopTime: "30s",
  gcEvery: "1h",
  gcGrace: "1h",
  gcUploads: "24h",
  madeTime: "30d",
  make: "apt;apk;nix;npm;flatten;zstd;mirror;random",
  makePlatforms: "linux/amd64;linux/arm64",
  upstreams: "*",
  refreshTime: "1h",
  revalidateTime: "60s",
  failureTime: "60s",
  lingerTime: "60s",
  holdTime: "30m",
  buildsWaiting: "100",
  buildsPerVisitor: "8",
  buildTime: "30m",
  imageBytes: "16GiB",
  downloads: "64",
  downloadsPerVisitor: "32",
  references: "any",
  warning: "",
} as const satisfies Partial<Record<SettingName, string>>;

export type SettingName = keyof typeof serveSchema.shape;

export type ServeSettings = Readonly<z.output<typeof serveSchema>>;
