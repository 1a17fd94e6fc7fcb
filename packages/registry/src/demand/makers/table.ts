import type { Maker } from "../maker.ts";
import { apk } from "./apk.ts";
import { apt } from "./apt.ts";
import { flatten } from "./flatten.ts";
import { mirror } from "./mirror.ts";
import { nix } from "./nix.ts";
import { npm } from "./npm.ts";
import { random } from "./random.ts";
import { zstd } from "./zstd.ts";

/** All that a registry can make, in the order that its page shows. */
export const MAKERS: readonly Maker[] = [apt, apk, nix, npm, flatten, zstd, mirror, random];
