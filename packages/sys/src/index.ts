export { CooperError, isFault } from "./error.ts";
export type { FaultDetails, FaultKind } from "./error.ts";
