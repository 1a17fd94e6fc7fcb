import { join } from "node:path";
import { detect } from "../providers/detect.ts";
import { type Overlay, readOverlay } from "../overlay/read.ts";
import { openSource, type Source } from "./source.ts";

/** An application's directory: its files, and what it says about its own plan. */
export interface Project {
  readonly source: Source;
  readonly overlay: Overlay | undefined;
  /** The one directory that the application is in, where it lies in one. */
  readonly subdirectory: string | undefined;
}

/**
 * Opens an application's directory. Where nothing in it says what it is and all that it has is one
 * directory, the application is looked for in there. `SOURCE_MISSING`, `CONFIGURATION_INVALID`
 */
export async function openProject(directory: string, home: string): Promise<Project> {
  const overlay = readOverlay(directory);
  const source = await openSource(directory, home, overlay?.file.exclude);
  if (overlay !== undefined || detect(source).length > 0) return { source, overlay, subdirectory: undefined };
  const [first, second] = new Set(
    source.paths.flatMap((path) => (path.includes("/") ? [path.slice(0, path.indexOf("/"))] : [])),
  );
  if (first === undefined || second !== undefined) return { source, overlay, subdirectory: undefined };
  const inside = await openProject(join(directory, first), home);
  if (inside.overlay === undefined && detect(inside.source).length === 0) {
    return { source, overlay, subdirectory: undefined };
  }
  return { ...inside, subdirectory: join(first, inside.subdirectory ?? "") };
}
