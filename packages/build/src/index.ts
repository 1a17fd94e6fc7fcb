// Errors
export { BuildError } from "./errors.ts";
export type { BuildErrorCode } from "./errors.ts";

// By hand
export { byHand } from "./by-hand/by-hand.ts";
export type { ByHandOptions, HandMade } from "./by-hand/by-hand.ts";
export { changeRunConfig, parseCommand } from "./by-hand/run-config.ts";
export type { StartOptions } from "./by-hand/run-config.ts";
export type { ByHandStep, StepName } from "./by-hand/step.ts";

// Layers
export { layerFromPath } from "./layer/layer-from-path.ts";
export type { LayerFromPathOptions } from "./layer/layer-from-path.ts";

// References
export { makeResolver, resolver } from "./schemes/resolver.ts";
export type { ResolverOptions } from "./schemes/resolver.ts";
export type { PackageMaking } from "./schemes/packages.ts";
