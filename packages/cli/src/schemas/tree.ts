import { z } from "zod";
import { descriptor } from "./descriptor.ts";

const node = z.object({
  role: z.enum(["index", "image", "artifact", "config", "layer", "other"]),
  descriptor,
  get children() {
    return z.array(node);
  },
  get referrers() {
    return z.array(node).describe("What names it as its subject");
  },
  repeated: z.boolean().optional().describe("It stands elsewhere in the tree with what it names"),
});

export const treeAnswer = node;
