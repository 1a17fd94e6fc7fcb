export { temporaryDirectory } from "./directory.ts";
export { requireProgram, requireRoot, run } from "./program.ts";
export { freePort } from "./port.ts";
