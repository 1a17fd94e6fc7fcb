// Errors
export { BuildError } from "./errors.ts";
export type { BuildErrorCode } from "./errors.ts";

// By hand
export { byHand } from "./by-hand/by-hand.ts";
export type { ByHandOptions, HandMade } from "./by-hand/by-hand.ts";
export { changeRunConfig, parseCommand } from "./by-hand/run-config.ts";
export type { StartOptions } from "./by-hand/run-config.ts";
export type { ByHandStep, StepName } from "./by-hand/step.ts";

// apko's YAML
export { buildApko, lockApko } from "./apko/build-apko.ts";
export type { ApkoImage, ApkoOptions } from "./apko/build-apko.ts";
export { apkoJsonSchema } from "./apko/schema.ts";

// Layers
export { layerFromPath } from "./layer/layer-from-path.ts";
export type { LayerFromPathOptions } from "./layer/layer-from-path.ts";

// References
export { makeResolver, resolver } from "./schemes/resolver.ts";
export type { ResolverOptions } from "./schemes/resolver.ts";
export type { PackageMaking } from "./schemes/packages.ts";

// From source
export { buildSource } from "./source/image/build-source.ts";
export type { BuildSourceOptions, BuiltImage } from "./source/image/build-source.ts";
export type { BuildComparison, LayerDifference } from "./source/image/compare-builds.ts";
export { reproduce } from "./source/image/reproducible.ts";
export { openProject } from "./source/project/project.ts";
export type { Project } from "./source/project/project.ts";
export { detectProviders, planSource, settingsWith } from "./source/plan/plan-source.ts";
export type { ChosenMatch } from "./source/plan/plan-source.ts";
export type { Settings } from "./source/providers/provider.ts";
export { settingsOfEnvironment, settingsOver } from "./source/overlay/settings.ts";
export { openSource } from "./source/project/source.ts";
export type { Source } from "./source/project/source.ts";
export { overlayJsonSchema } from "./source/overlay/schema.ts";
export { generateDockerfile } from "./source/dockerfile/dockerfile.ts";
export type { GeneratedDockerfile } from "./source/dockerfile/dockerfile.ts";
export { diffSourceLocks } from "./source/lock/difference.ts";
export type { SourceLockChange } from "./source/lock/difference.ts";
export { referencesToLock } from "./source/lock/references.ts";
export { lockPlan } from "./source/lock/lock-plan.ts";
export type { LockPlanOptions } from "./source/lock/lock-plan.ts";
export { parseLocks, sourceLockSchema } from "./source/lock/locks.ts";
export type { Locks, SourceLock } from "./source/lock/locks.ts";
export { parsePlan, planSchema } from "./source/plan/plan.ts";
export type { Plan } from "./source/plan/plan.ts";
