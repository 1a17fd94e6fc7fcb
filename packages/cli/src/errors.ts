import { CooperError } from "@cooper/sys";

/** What can be wrong with how the command is called. */
export type CliErrorCode =
  /** Flags or arguments contradict each other, or one of them is not written as documented. */
  | "ARGUMENT_INVALID"
  /** Something that is asked for on a terminal or standard input is not there. */
  | "INPUT_MISSING";

export class CliError extends CooperError<CliErrorCode> {
  override name = "CliError";

  constructor(code: CliErrorCode, message: string, advice: string) {
    super(code, message, { kind: "usage", advice });
  }
}
