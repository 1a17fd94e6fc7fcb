import type { TarInput } from "@cooper/archive";
import type { FileOperation, MadeFile } from "../graph/operation.ts";

/** The members of a layer of files that the graph itself holds; all of one time. */
export function* madeFiles({ files }: FileOperation, epoch: number): Generator<TarInput> {
  for (const file of files) yield { ...memberOf(file), mtime: { seconds: epoch, nanoseconds: 0 } };
}

function memberOf(file: MadeFile): TarInput {
  const path = file.path.replace(/^\/+/, "");
  switch (file.kind) {
    case "file":
      return { path, type: "file", mode: file.mode, bytes: Buffer.from(file.text), ...file.owner };
    case "directory":
      return { path, type: "directory", mode: file.mode, ...file.owner };
    case "symlink":
      return { path, type: "symlink", linkPath: file.to };
  }
  return unreachable(file);
}

function unreachable(file: never): never {
  throw new Error(`unreachable: ${JSON.stringify(file)}`);
}
