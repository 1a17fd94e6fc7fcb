import { readFileSync } from "node:fs";
import { decompress, readFileStream, giveBack } from "@cooper/archive";
import { encodeIndex } from "/work/index/packages/distro/src/apt/index/encode-index.ts";
const size = 50060337, mode = process.argv[2] ?? "both", piece = +(process.argv[3] ?? 65536);
const gz = readFileSync("/dev/shm/idx.gz");
async function* source() { for (let at = 0; at < gz.length; at += piece) { yield Buffer.from(gz.subarray(at, at + piece)); await new Promise(setImmediate); } }
let n = 0, own = 0;
async function* counted(s) { for await (const c of s) { n++; if (c.buffer.byteLength === 1048576) own++; yield c; } }
for (let r = 0; r < 3; r++) {
  n = own = 0; const c0 = process.cpuUsage(), t0 = performance.now();
  if (mode === "gunzip") for await (const c of counted(decompress(source()))) giveBack(c);
  else await encodeIndex(counted(decompress(source())), size);
  const c = process.cpuUsage(c0); console.log((performance.now() - t0).toFixed(0), "ms; cpu", (c.user / 1e3).toFixed(0), (c.system / 1e3).toFixed(0), "chunks", n, own);
}
