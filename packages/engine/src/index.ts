// Errors
export { EngineError } from "./errors.ts";
export type { EngineErrorCode } from "./errors.ts";

// Host
export { hostFacts } from "./host/facts.ts";
export type { HostFact } from "./host/fact.ts";
export { installPackages } from "./host/install.ts";
export type { InstallOptions } from "./host/install.ts";

// Running
export { againInUserNamespace, privilege } from "./run/namespace.ts";
export { parseCpus, parseMemory, parsePublishedPort, parseVolume } from "./run/options.ts";
export type { PublishedPort, Volume } from "./run/options.ts";
export { pruneRuns } from "./run/prune.ts";
export { RUNTIME_NAMES } from "./runtime/find-runtime.ts";
export type { RuntimeName } from "./runtime/find-runtime.ts";
export { runImage } from "./run/run.ts";
export type { RunEvent, RunOptions } from "./run/run.ts";

// The build graph
export { describe, drawGraph, dumpGraph } from "./graph/dump.ts";
export type { GraphDump } from "./graph/dump.ts";
export { makeStep, stepsOf } from "./graph/step.ts";
export { shellWords } from "./graph/shell-words.ts";
export type {
  CopyOperation,
  ExecLimits,
  ExecMount,
  ExecOperation,
  FileOperation,
  GitOperation,
  HostConfiguration,
  ImageOperation,
  LocalOperation,
  MadeFile,
  MergeOperation,
  Operation,
  PathCopy,
  Step,
  WebOperation,
} from "./graph/operation.ts";

// Building
export { execute } from "./execution/execute.ts";
export type { ExecuteOptions, FailedStep } from "./execution/options.ts";
export type { BuildEvent } from "./execution/event.ts";

// What builds keep
export { touch } from "./cache/build-directory.ts";
export { buildCacheEntries } from "./cache/entries.ts";
export type { BuildCacheEntry, BuildCacheKind } from "./cache/entries.ts";
export { exportSteps, importSteps } from "./cache/exported.ts";
export type { ExportedSteps, GivenLayer } from "./cache/exported.ts";
export { holdBuild } from "./cache/running.ts";
export { boundBuildCache, trimBuildCache } from "./cache/trim.ts";
export type { Trimmed, TrimOptions } from "./cache/trim.ts";

// Files of the host
export { digestOfFiles, scanLocal } from "./files/local-files.ts";
export type { LocalFile, LocalScan, LocalSelection } from "./files/local-files.ts";
export { openMemory } from "./files/memory.ts";
export type { FileMemory } from "./files/memory.ts";
export { faultOfPattern, parsePatterns, Patterns } from "./files/patterns.ts";

// Unpacked layers
export type { SnapshotEvent } from "./snapshot/event.ts";
export { unpackLayers } from "./snapshot/unpack-layers.ts";
export type { UnpackedLayers, UnpackOptions } from "./snapshot/unpack-layers.ts";
