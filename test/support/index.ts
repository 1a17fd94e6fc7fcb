export { temporaryDirectory } from "./directory.ts";
export { requireProgram, requireRoot, run } from "./program.ts";
export { freePort } from "./port.ts";
export { REGISTRY_ACCOUNT, startDockerRegistry } from "./docker-registry.ts";
export type { DockerRegistry, DockerRegistryOptions } from "./docker-registry.ts";
export { RAW_TRAILER, rawHeader, rawMember, rawPax, rawPaxRecord, rawTar } from "./raw-tar.ts";
export type { RawHeader } from "./raw-tar.ts";
