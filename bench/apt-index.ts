/**
 * Debian's index as the solver has it: `parse PACKAGES.gz FILE` makes the form that loads fast of
 * it, `load FILE` loads that and looks up one package. For bench/measurements/packages.ts.
 */
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { decompress, readFileStream } from "@cooper/archive";
import { encodeIndex } from "../packages/distro/src/apt/index/encode-index.ts";
import { IndexFile } from "../packages/distro/src/apt/index/index-file.ts";

const [mode, input = "", output = ""] = process.argv.slice(2);
if (mode === "parse") {
  // Its Release says how large the index is; here its last bytes do (RFC 1952, 2.3.1).
  const size = readFileSync(input).readUInt32LE(statSync(input).size - 4);
  writeFileSync(output, await encodeIndex(decompress(readFileStream(input)), size));
} else {
  const index = new IndexFile(readFileSync(input));
  const [curl = -1] = index.packagesNamed(index.find("curl") ?? -1);
  if (index.package(curl).name !== "curl") throw new Error("the index has no curl");
}
