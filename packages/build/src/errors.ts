import { CooperError } from "@cooper/sys";

/** What can go wrong while an image is made. */
export type BuildErrorCode =
  /** The architectures of one image have no version of a package in common. */
  | "ARCHITECTURES_DISAGREE"
  /** A file that says what an image is made of is not written as documented; names line and column. */
  | "CONFIGURATION_INVALID"
  /** A file asks for something that Cooper does not do. */
  | "CONFIGURATION_UNSUPPORTED"
  /** The directory to make an image of is not there, or is not a directory. */
  | "DIRECTORY_MISSING"
  /** What a repository says of its own keys is not written as apko has it. */
  | "KEYS_INVALID"
  /** The file to make a layer of is not a tar archive. */
  | "LAYER_INVALID"
  /** There is no such file or directory to make a layer of. */
  | "LAYER_MISSING"
  /** A lock is of another state of what it was made from. */
  | "LOCK_OUTDATED"
  /** What a lock names is no longer where it was, or is something else. */
  | "LOCK_UNFULFILLED"
  /** No provider takes the source for one of its own. */
  | "NO_PROVIDER"
  /** What an image is told to be (a command, a variable, a port, a label) is not written as documented. */
  | "OPTION_INVALID"
  /** What an application needs cannot be had of the packages that its plan is to stand on. */
  | "PACKAGES_UNAVAILABLE"
  /** A plan that is not written as documented, or that cannot be run. */
  | "PLAN_INVALID"
  /** There is no provider of that name. */
  | "PROVIDER_UNKNOWN"
  /** A file of the source is not what its name says. */
  | "SOURCE_INVALID"
  /** There is no such directory to build. */
  | "SOURCE_MISSING"
  /** Nothing says how the application is started. */
  | "START_UNKNOWN"
  /** The version of a language or tool that the source asks for cannot be had. */
  | "VERSION_UNAVAILABLE";

export class BuildError extends CooperError<BuildErrorCode> {
  override name = "BuildError";
}
