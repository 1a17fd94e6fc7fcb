import type { Cancellable } from "@cooper/archive";
import type { Image, Platform } from "@cooper/oci";
import type { ExportedSteps, GivenLayer } from "../cache/exported.ts";
import type { LocalFile } from "../files/local-files.ts";
import type { ImageOperation, LocalOperation, Step } from "../graph/operation.ts";
import type { BuildEvent } from "./event.ts";
import type { FailedExec } from "./exec-step.ts";

export interface ExecuteOptions extends Cancellable {
  /** Cooper's home. */
  readonly home: string;
  readonly platform: Platform;
  /** Seconds since 1970: nothing in a layer is newer. */
  readonly epoch: number;
  /** Opens what an image step names; called once for each. */
  readonly openImage: (operation: ImageOperation, options: Cancellable) => Promise<Image>;
  /** Directories of the host by the names that local steps use. */
  readonly locals: Readonly<Record<string, string>>;
  /** Files of local steps that were scanned a moment ago; undefined of one that is to be scanned now. */
  readonly scanned?: ((operation: LocalOperation) => readonly LocalFile[] | undefined) | undefined;
  /** Secrets by id. */
  readonly secrets?: ReadonlyMap<string, Buffer> | undefined;
  /** Sockets of SSH agents by id. */
  readonly agents?: ReadonlyMap<string, string> | undefined;
  /** `ignore`: every step runs again, and what it gives replaces what was there. Default `use`. */
  readonly cache?: "use" | "ignore" | undefined;
  /** What steps gave elsewhere; where several have one, the first counts. */
  readonly imported?: readonly ExportedSteps[] | undefined;
  /** Told what each step gave, now or before. */
  readonly onLayer?: ((given: GivenLayer) => void) | undefined;
  /** Whether what earlier builds left in cache mounts is seen; default `kept`. `empty` ones are gone afterwards. */
  readonly caches?: "kept" | "empty" | undefined;
  /** Commands at a time; default: one a core. */
  readonly parallel?: number | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  readonly onEvent?: ((event: BuildEvent) => void) | undefined;
  /** Told of each command that is running now: there is time for what nobody waits for. */
  readonly onCommand?: (() => void) | undefined;
  /** Told of the first command that fails, while its root still stands; the others are being ended. */
  readonly onFailedStep?: ((failed: FailedStep) => Promise<void>) | undefined;
}

/** A command that failed, where it can be looked into. */
export interface FailedStep extends FailedExec {
  readonly step: Step;
}
