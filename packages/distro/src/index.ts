export { DistroError } from "./errors.ts";
export type { DistroErrorCode } from "./errors.ts";

// apk
export { compareVersions as compareApkVersions, isVersion as isApkVersion } from "./apk/version.ts";
