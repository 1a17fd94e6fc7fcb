export { DistroError } from "./errors.ts";
export type { DistroErrorCode } from "./errors.ts";

// One shape for all
export type {
  Assembly,
  Ecosystem,
  EcosystemName,
  PackageContent,
  PackageRequest,
} from "./ecosystem/ecosystem.ts";
export type { Context } from "./ecosystem/context.ts";
export type { DistroEvent } from "./ecosystem/event.ts";
export type { LockedRepository, Solution, SolvedPackage } from "./ecosystem/solution.ts";
export { ECOSYSTEM_NAMES, ecosystemOf } from "./ecosystem/table.ts";
export { openContext } from "./ecosystem/open-context.ts";
export type { ContextOptions, OpenContext } from "./ecosystem/open-context.ts";
export { imageOfPackages, inputsOfPackages, solvePackages } from "./image/package-image.ts";
export { PACKAGE_IMAGE_VERSION } from "./image/version.ts";
export type { PackageImageOptions } from "./image/package-image.ts";
export { makeLayers } from "./layers/make-layers.ts";
export type { LayersOptions, PackageLayer } from "./layers/make-layers.ts";
export { DEFAULT_LAYER_BUDGET, MAX_LAYER_BUDGET, planLayers } from "./layers/plan.ts";
export type { LayeringOptions, LayerStrategy } from "./layers/plan.ts";
export { diffLocks } from "./lock/difference.ts";
export type { LockChange } from "./lock/difference.ts";
export {
  formatLock,
  lockFrom,
  lockSchema,
  parseLock,
  solutionSchema,
  solutionsOf,
  versionsOf,
} from "./lock/lock.ts";
export type { Lock } from "./lock/lock.ts";
export type { Cache, ExpectedBlob, StoredBlob } from "./cache/cache.ts";
export { cacheDirectory } from "./cache/cache-directory.ts";
export { openCache } from "./cache/open-cache.ts";
export type { CacheOptions, OpenCache } from "./cache/open-cache.ts";
export type { CacheKind, CacheUsage } from "./cache/trim.ts";
export { inParallel } from "./fetch/in-parallel.ts";
export { createFetcher } from "./fetch/create-fetcher.ts";
export type { FetcherOptions } from "./fetch/create-fetcher.ts";
export type {
  CheckedFile,
  CurrentOptions,
  ExpectedFile,
  Fetched,
  Fetcher,
  FetchEvent,
  FetchOptions,
} from "./fetch/fetcher.ts";

// apk
export { changeRoot as changeApkRoot } from "./apk/assemble.ts";
export type { ApkRoot } from "./apk/assemble.ts";
export { keyringPaths as apkKeyringPaths } from "./apk/repository/keys.ts";
export { compareVersions as compareApkVersions, isVersion as isApkVersion } from "./apk/version.ts";
export type { Dependency } from "./apk/dependency.ts";
export { readIndex as readApkIndex } from "./apk/index/index-file.ts";
export type { ApkIndex, ReadIndexOptions as ReadApkIndexOptions } from "./apk/index/index-file.ts";
export type { IndexPackage as ApkPackage } from "./apk/index/index-package.ts";
export type { TrustedKeys } from "./apk/index/signature.ts";
export type { VersionRange } from "./apk/version.ts";
export { solve as solveApk } from "./apk/solver/solve.ts";
export type { SolvedPackage as SolvedApkPackage } from "./apk/solver/solve.ts";
export type { Reason as ApkReason } from "./apk/solver/order.ts";
export { makeUniverse as makeApkUniverse } from "./apk/solver/universe.ts";
export type { Repository as ApkRepository, Universe as ApkUniverse } from "./apk/solver/universe.ts";

// apt
export { IndexFile as AptIndexFile } from "./apt/index/index-file.ts";
export { parseRelease as parseDebianRelease } from "./apt/release/release.ts";
export type { Release as DebianRelease, ReleaseFile as DebianReleaseFile } from "./apt/release/release.ts";
export { parseRequest as parseAptRequest } from "./apt/request.ts";
export { solveRequest as solveAptRequest } from "./apt/solve-request.ts";
export { Archives as AptArchives } from "./apt/sources/archive.ts";
export type { PackageAddress as AptPackageAddress } from "./apt/sources/archive.ts";
export { compareVersions as compareDebianVersions } from "./apt/version/version.ts";
export { packageOf as aptPackageOf, parsePackages as parseAptPackages } from "./apt/index/apt-package.ts";
export type { AptPackage } from "./apt/index/apt-package.ts";
export type {
  Alternatives as AptAlternatives,
  Dependency as AptDependency,
} from "./apt/control/dependency.ts";
export {
  parseStanza as parseControlStanza,
  parseStanzas as parseControlStanzas,
} from "./apt/control/stanza.ts";
export type { Stanza as ControlStanza } from "./apt/control/stanza.ts";

// nix
export { parseNarinfo } from "./nix/cache/narinfo.ts";
export type { Narinfo } from "./nix/cache/narinfo.ts";
export { readNar } from "./nix/nar/reader.ts";
export type { NarEntry, ReadNarOptions } from "./nix/nar/reader.ts";
export { makeCatalogue as makeNixCatalogue } from "./nix/attribute/make-catalogue.ts";
export type {
  CatalogueOptions as NixCatalogueOptions,
  MadeCatalogue as MadeNixCatalogue,
} from "./nix/attribute/make-catalogue.ts";

// What software is in an image
export type { Checksum, Component, Sbom, Source } from "./sbom/sbom.ts";
export { formatSbom, SBOM_MEDIA_TYPES, sbomArtifact } from "./sbom/format.ts";
export type { SbomFormat } from "./sbom/format.ts";
export { isLockOfCompiled, sbomOfImage } from "./sbom/of-image.ts";
export type { SbomOptions } from "./sbom/of-image.ts";
export type { DatabaseFile } from "./sbom/databases/database.ts";
export { sbomOfSolution } from "./sbom/of-solution.ts";
