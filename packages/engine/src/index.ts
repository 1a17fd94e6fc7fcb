// Host
export { hostFacts } from "./host/facts.ts";
export type { HostFact } from "./host/fact.ts";
