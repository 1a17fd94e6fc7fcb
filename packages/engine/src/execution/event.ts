import type { Layer } from "@cooper/oci";
import type { Step } from "../graph/operation.ts";

/** What happens while a graph is built, for displays and logs. */
export type BuildEvent =
  | { readonly type: "step-started"; readonly step: Step }
  /** What it gives is there from before. */
  | { readonly type: "step-cached"; readonly step: Step }
  /** What its command prints, as it comes; secrets are blotted out. */
  | { readonly type: "step-output"; readonly step: Step; readonly text: string }
  | { readonly type: "step-done"; readonly step: Step; readonly seconds: number; readonly layer: Layer }
  | { readonly type: "step-failed"; readonly step: Step; readonly error: unknown }
  /** A limit that nothing here enforces as it is meant: a sentence, told of the first step alone. */
  | { readonly type: "limit-weakened"; readonly step: Step; readonly text: string }
  /** It was running when another one failed. */
  | { readonly type: "step-stopped"; readonly step: Step };
