// Errors
export { CooperError, isFault } from "./error.ts";
export type { FaultDetails, FaultKind } from "./error.ts";
export { SettingError, SysError, errnoName, errnoOf } from "./errors.ts";
export type { SettingErrorCode, SysErrorCode } from "./errors.ts";
export type { Path, PathOrDescriptor } from "./path.ts";

export { cacheLimit, freeSpace } from "./cache-limit.ts";
export { parseSize } from "./size.ts";

// Files and directories
export { makeDirectories } from "./make-directories.ts";
export {
  O_PATH,
  WORKING_DIRECTORY,
  listDirectory,
  makeDirectoryAt,
  makeLinkAt,
  makeSymlinkAt,
  openAt,
  openBeneath,
  readLinkAt,
  removeDirectoryAt,
  removeFileAt,
  setOwnerAt,
} from "./directory.ts";
export { makeNode, makeNodeAt } from "./node.ts";
export type { NodeKind } from "./node.ts";
export { statusAt, statusOf } from "./status.ts";
export type { FileStatus } from "./status.ts";
export { setTimes, setTimesAt } from "./times.ts";
export type { TimeOfFile } from "./times.ts";
export { listXattrs, removeXattr, setXattr } from "./xattr.ts";

// Locks
export { lockFile, unlockFile, waitLock } from "./lock.ts";
export type { LockMode } from "./lock.ts";

// Mounts
export { MOUNT_FLAGS, UNMOUNT_FLAGS, mount, syncFilesystem, unmount } from "./mount.ts";

export {
  MOUNT_ATTRIBUTES,
  attachMount,
  canRestrictMounts,
  copyMount,
  makeMount,
  pivotRoot,
  restrictMount,
} from "./detached-mount.ts";

// Processes
export { cameWithCooper } from "./own-node.ts";
export {
  boundCapabilities,
  dieWithParent,
  joinNewKeyring,
  refuseNewPrivileges,
  setCapabilities,
} from "./credentials.ts";
export {
  becomeProgram,
  bringUpLoopback,
  enterCgroupNamespace,
  limitResource,
  restoreSignal,
  setHostName,
} from "./process.ts";
export type { Resource } from "./process.ts";
export { hasSystemCallFilters, prepareFilter } from "./seccomp.ts";
export type { SystemCallFilter, SystemCallRule } from "./seccomp.ts";

// Libraries
export { LzmaDecoder } from "./liblzma.ts";
export type { LzmaOptions, LzmaStatus, LzmaStep } from "./liblzma.ts";
