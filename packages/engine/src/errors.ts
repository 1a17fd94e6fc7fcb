import { CooperError } from "@cooper/sys";

/** What can go wrong while a container is prepared and run. */
export type EngineErrorCode =
  /** What is to be used as a build cache is none. */
  | "CACHE_INVALID"
  /** The image says no command and none was given. */
  | "COMMAND_MISSING"
  /** A file of the web, or a commit, could not be had. */
  | "FETCH_FAILED"
  /** A step of a build graph with inputs that its kind does not have, or with what nobody gave. */
  | "GRAPH_INVALID"
  /** apt-get could not install a package, or may not. */
  | "INSTALL_FAILED"
  /** A layer that is kept unpacked is not what it was when it was made. */
  | "LAYER_CHANGED"
  /** A memory size, a number of CPUs, a port or a volume is not written as documented. */
  | "OPTION_INVALID"
  /** The overlay filesystem could not be mounted. */
  | "OVERLAY_FAILED"
  /** A port of the host cannot be listened on. */
  | "PORT_UNAVAILABLE"
  /** A program of the host that a step needs is not there. */
  | "PROGRAM_MISSING"
  /** The container runtime refused the container, or could not start its process. */
  | "RUNTIME_FAILED"
  /** Nothing on this host starts containers, or not the one that was asked for. */
  | "RUNTIME_MISSING"
  /** The container runtime is there, but this host is not one that it can start containers on. */
  | "RUNTIME_UNFIT"
  /** A secret that a step needs was not given. */
  | "SECRET_MISSING"
  /** What a step copies is not in its source. */
  | "SOURCE_MISSING"
  /** Not root, and no user namespace has been entered. */
  | "USER_NAMESPACE_NEEDED"
  /** A command of a build ended with another status than 0. */
  | "STEP_FAILED"
  /** A command of a build took longer than it may. */
  | "STEP_TIMEOUT"
  /** The user or group that the container is to run as is not in the image. */
  | "USER_UNKNOWN"
  /** The source of a volume is not on this host. */
  | "VOLUME_MISSING";

export class EngineError extends CooperError<EngineErrorCode> {
  override name = "EngineError";
}
