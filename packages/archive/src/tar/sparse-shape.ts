import { ArchiveError } from "../errors.ts";
import type { Limits } from "../limits.ts";
import { BLOCK_SIZE } from "./block.ts";
import { numberRecord, type PaxRecords, type SparsePair } from "./extended.ts";
import { exceeded, invalid } from "./fault.ts";
import type { Lookahead } from "./lookahead.ts";
import {
  addContentMap,
  addOldExtensionPairs,
  addOldHeaderPairs,
  oldRealSize,
  SparseMapBuilder,
  type SparseSegment,
} from "./sparse.ts";

/** How a sparse file lies in the archive. */
export interface SparseShape {
  readonly segments: readonly SparseSegment[];
  /** Bytes of the file, holes too. */
  readonly size: number;
  /** Bytes between the header and the data. */
  readonly mapBytes: number;
  /** Bytes of data. */
  readonly storedSize: number;
}

/** A file's header and what came before it. */
export interface MaybeSparse {
  readonly block: Buffer;
  readonly typeFlag: number;
  readonly records: PaxRecords;
  readonly pairs: readonly SparsePair[];
  /** Where the header's end lies, from the lookahead's place. */
  readonly at: number;
  /** Bytes that the archive has for the file, its map too where that is in the content. */
  readonly packedSize: number;
}

const OLD_SPARSE = 0x53; // S

/**
 * The shape of a sparse file in any of GNU tar's formats: of old, and 0.0, 0.1 and 1.0 in PAX
 * records. Undefined where the file is not sparse; `more` where its map has not arrived whole.
 * GNU tar manual, "Storing Sparse Files".
 */
export function sparseShapeOf(
  file: MaybeSparse,
  ahead: Lookahead,
  limits: Limits,
): SparseShape | "more" | undefined {
  const { records } = file;
  const offset = ahead.source.offset + file.at - BLOCK_SIZE;
  if (file.typeFlag === OLD_SPARSE) return oldShape(file, ahead, limits);
  const size =
    numberRecord(records, "GNU.sparse.realsize", offset) ?? numberRecord(records, "GNU.sparse.size", offset);
  const major = records.get("GNU.sparse.major")?.toString("latin1") ?? "0";
  const minor = records.get("GNU.sparse.minor")?.toString("latin1") ?? "0";
  if (major !== "0") {
    if (major !== "1" || minor !== "0") throw unknownFormat(`${major}.${minor}`, offset);
    return contentShape(file, size, ahead, limits);
  }
  const map = new SparseMapBuilder(limits, offset);
  const list = records.get("GNU.sparse.map");
  if (list !== undefined) {
    const numbers = list.toString("latin1").split(",");
    for (let i = 0; i < numbers.length; i += 2) map.add(decimal(numbers[i]), decimal(numbers[i + 1]));
  } else if (file.pairs.length > 0 || records.has("GNU.sparse.numblocks")) {
    for (const [pairOffset, length] of file.pairs) map.add(pairOffset, length);
  } else {
    return undefined;
  }
  return finished(map, size, file.packedSize, 0);
}

/** The map begins in the header and goes on in blocks after it. */
function oldShape(file: MaybeSparse, ahead: Lookahead, limits: Limits): SparseShape | "more" {
  const { block, at, packedSize } = file;
  const start = ahead.source.offset;
  const map = new SparseMapBuilder(limits, start + at - BLOCK_SIZE);
  let mapBytes = 0;
  let goesOn = addOldHeaderPairs(map, block, start + at - BLOCK_SIZE);
  while (goesOn) {
    boundMap(mapBytes, limits, start + at);
    const extension = ahead.look(at + mapBytes, BLOCK_SIZE, "the map of a sparse file");
    if (extension === undefined) return "more";
    goesOn = addOldExtensionPairs(map, extension, start + at + mapBytes);
    mapBytes += BLOCK_SIZE;
  }
  return finished(map, oldRealSize(block, start + at - BLOCK_SIZE), packedSize, mapBytes);
}

/** The map is the first part of the content. */
function contentShape(
  file: MaybeSparse,
  size: number | undefined,
  ahead: Lookahead,
  limits: Limits,
): SparseShape | "more" {
  const { at, packedSize } = file;
  const offset = ahead.source.offset + at;
  const here = Math.max(0, Math.min(packedSize, ahead.source.available - at));
  const map = new SparseMapBuilder(limits, offset);
  const mapBytes = addContentMap(map, ahead.source.view(at, here), offset);
  if (mapBytes !== undefined) return finished(map, size, packedSize - mapBytes, mapBytes);
  if (here === packedSize) throw invalid("the map of a sparse file makes no sense", offset);
  boundMap(here, limits, offset);
  const missing = Math.min(BLOCK_SIZE, packedSize - here);
  ahead.look(at + here, missing, "the map of a sparse file");
  return "more";
}

function finished(
  map: SparseMapBuilder,
  size: number | undefined,
  storedSize: number,
  mapBytes: number,
): SparseShape {
  const segments = map.finish(size, storedSize);
  return { segments, size: size ?? 0, mapBytes, storedSize };
}

function boundMap(mapBytes: number, { maxHeaderBytes }: Limits, offset: number): void {
  if (mapBytes > maxHeaderBytes)
    throw exceeded("maxHeaderBytes", maxHeaderBytes, "the map of a sparse file", offset);
}

function decimal(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,16}$/.test(text) ? Number(text) : undefined;
}

function unknownFormat(version: string, offset: number): ArchiveError {
  return new ArchiveError(
    "TAR_UNSUPPORTED",
    `sparse file format ${version} at offset ${offset} is not known`,
    {
      advice: "Pack it with GNU tar --sparse-version=1.0.",
      fields: { offset },
    },
  );
}
