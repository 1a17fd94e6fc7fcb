import { CooperError } from "@cooper/sys";

/** What can go wrong while an image is made. */
export type BuildErrorCode =
  /** The directory to make an image of is not there, or is not a directory. */
  | "DIRECTORY_MISSING"
  /** The file to make a layer of is not a tar archive. */
  | "LAYER_INVALID"
  /** There is no such file or directory to make a layer of. */
  | "LAYER_MISSING"
  /** What an image is told to be (a command, a variable, a port, a label) is not written as documented. */
  | "OPTION_INVALID";

export class BuildError extends CooperError<BuildErrorCode> {}
