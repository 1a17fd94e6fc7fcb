import type { Limits } from "../limits.ts";
import type { PathString } from "../tar/entry.ts";
import { exceeded } from "../tar/fault.ts";
import type { TarMember } from "../tar/member.ts";
import { Destination, type Parent } from "./destination.ts";
import { DirectoryTimes } from "./directory-times.ts";
import { unpackFault } from "./fault.ts";
import { AppliedWhiteouts, OverlayWhiteouts, type Whiteouts } from "./layer-whiteouts.ts";
import { Lowers } from "./lowers.ts";
import { baseOf, cleanPath, parentOf } from "./name.ts";
import { OwnNames } from "./own-names.ts";
import { Placement } from "./placement.ts";
import { PresumedDirectories } from "./presumed-directory.ts";
import { type UnpackOptions, unpackSettings, type UnpackSummary } from "./unpack-options.ts";
import { markerOf } from "./whiteout.ts";

/** One archive on its way into a directory, member by member. */
export class Unpacking {
  readonly #directory: string;
  readonly #maxNesting: number;
  readonly #keepsWhiteouts: boolean;
  readonly #lowers: Lowers | undefined;
  readonly #times = new DirectoryTimes();
  readonly #own: OwnNames | undefined;
  readonly #destination: Destination;
  readonly #placement: Placement;
  readonly #whiteouts: Whiteouts | undefined;
  readonly #count = {
    entries: 0,
    files: 0,
    directories: 0,
    symlinks: 0,
    hardLinks: 0,
    nodes: 0,
    whiteouts: 0,
    bytes: 0,
  };

  constructor(directory: string, options: UnpackOptions, limits: Limits, passed: () => Promise<void>) {
    const settings = unpackSettings(options);
    const own = settings.whiteouts === "apply" ? new OwnNames() : undefined;
    this.#directory = directory;
    this.#maxNesting = limits.maxNesting;
    this.#keepsWhiteouts = settings.whiteouts === "keep";
    this.#lowers = options.lowers === undefined ? undefined : new Lowers(options.lowers, settings);
    const times = this.#times;
    const presumed = new PresumedDirectories(settings, times, own, this.#lowers);
    this.#destination = new Destination(directory, times, presumed);
    // Where nothing was before, there is nothing that a whiteout could hide.
    this.#own = this.#destination.wasEmpty ? undefined : own;
    const destination = this.#destination;
    this.#placement = new Placement({ destination, times, settings, lowers: this.#lowers, passed });
    if (settings.whiteouts === "overlay") {
      this.#whiteouts = new OverlayWhiteouts(destination, this.#placement);
    } else if (this.#own !== undefined) {
      this.#whiteouts = new AppliedWhiteouts(destination, this.#own);
    }
  }

  /** A promise where there is something to wait for: the next member comes after it. */
  add(member: TarMember): Promise<void> | undefined {
    const count = this.#count;
    count.entries++;
    this.#destination.settle();
    const path = cleanPath(member.path);
    this.#checkNesting(path, member);
    const marker = this.#keepsWhiteouts ? undefined : markerOf(path);
    if (marker !== undefined) {
      if (marker.kind === "ignored") return undefined;
      count.whiteouts++;
      this.#whiteouts?.act(path, marker);
      return undefined;
    }
    if (path === "") {
      count.directories++;
      this.#placement.root(member);
      return undefined;
    }
    const parent = this.#destination.open(parentOf(path));
    return this.#place(parent, baseOf(path), member);
  }

  #place(parent: Parent, name: PathString, member: TarMember): Promise<void> | undefined {
    const count = this.#count;
    this.#own?.add(parent.identity, name);
    if (member.type === "file") {
      count.files++;
      count.bytes += member.size;
      return this.#placement.file(parent, name, member);
    }
    if (member.type === "directory") {
      count.directories++;
      this.#placement.directory(parent, name, member);
    } else if (member.type === "symlink") {
      count.symlinks++;
      this.#placement.symlink(parent, name, member);
    } else if (member.type === "hardlink") {
      count.hardLinks++;
      this.#placement.hardLink(parent, name, member);
    } else if (this.#placement.node(parent, name, member)) {
      count.nodes++;
    }
    return undefined;
  }

  finish(): UnpackSummary {
    try {
      this.#destination.finish();
    } catch (error) {
      throw unpackFault(this.#directory, "", error);
    }
    return { ...this.#count };
  }

  close(): void {
    this.#destination.close();
    this.#lowers?.close();
  }

  #checkNesting(path: PathString, { headerOffset }: TarMember): void {
    if (path.length < this.#maxNesting) return; // too short to be that deep
    let depth = 1;
    for (let at = path.indexOf("/"); at >= 0; at = path.indexOf("/", at + 1)) depth++;
    if (depth <= this.#maxNesting) return;
    throw exceeded("maxNesting", this.#maxNesting, `a path of ${depth} names`, headerOffset);
  }
}
