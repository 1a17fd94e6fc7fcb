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
export { runImage } from "./run/run.ts";
export type { RunEvent, RunOptions } from "./run/run.ts";

// Unpacked layers
export type { SnapshotEvent } from "./snapshot/event.ts";
export { unpackLayers } from "./snapshot/layers.ts";
export type { UnpackedLayers, UnpackOptions } from "./snapshot/layers.ts";
