import type { Context } from "../../ecosystem/context.ts";
import { DistroError } from "../../errors.ts";
import { showAddress, parseAddress } from "../../fetch/address.ts";
import { AtOnce } from "../../fetch/at-once.ts";
import type { Fetched } from "../../fetch/fetcher.ts";
import { isFault } from "@cooper/sys";
import { type AptConfiguration, settingOf } from "../sources/configuration.ts";
import { accessTo } from "../sources/access.ts";
import type { Host } from "../sources/host.ts";
import { isFlat, type SourceEntry, yesOrNo } from "../sources/source.ts";
import { type Keyring, loadKeyring } from "./keyring.ts";
import { parseRelease, type Release } from "./release.ts";
import { checkClearsigned, checkDetached, type SignedText, uncheckedText } from "./signature.ts";

/** A suite whose `Release` was read and checked. */
export interface LoadedRelease {
  readonly entry: SourceEntry;
  readonly release: Release;
  /** Of the file that was read: `sha256:…`. */
  readonly digest: string;
  readonly signedBy: readonly string[];
}

/** Of a `Release`; the largest are some hundred kilobytes. */
const MAX_BYTES = 16 * 2 ** 20;
/** Seconds by which a mirror's clock may be ahead. */
const CLOCK_TOLERANCE = 10;

/**
 * Fetches a suite's `InRelease`, or its `Release` and `Release.gpg`, and checks all that stands
 * between it and trust: the signature, its age, and that none newer was seen before.
 *
 * `NOT_FOUND`, `INDEX_UNSIGNED`, `KEY_UNKNOWN`, `SIGNATURE_INVALID`, `INDEX_EXPIRED`,
 * `INDEX_ROLLED_BACK`, `INDEX_INVALID`, `FETCH_FAILED`, …
 */
export async function loadRelease(entry: SourceEntry, host: Host, context: Context): Promise<LoadedRelease> {
  const signed = await signedOf(entry, host, context);
  const release = parseRelease(signed.text);
  checkTime(entry, release, host.configuration, context.now);
  await checkRollback(entry, release, context);
  return { entry, release, digest: signed.digest, signedBy: signed.signedBy };
}

/** The directory of a suite: below it lie the files that its Release lists. */
export function suiteAddress({ uri, suite }: SourceEntry): string {
  const root = uri.replace(/\/+$/, "");
  if (suite === "./" || suite === "/") return root;
  return suite.endsWith("/") ? `${root}/${suite.replace(/^\/|\/+$/g, "")}` : `${root}/dists/${suite}`;
}

/** Where it is, for people: no credentials. */
export function showSource(entry: SourceEntry): string {
  return showAddress(parseAddress(suiteAddress(entry)));
}

interface FetchedRelease extends SignedText {
  readonly digest: string;
}

const loading = new AtOnce<FetchedRelease>();

/** What several images of packages need that are made at once is fetched and checked once. */
async function signedOf(entry: SourceEntry, host: Host, context: Context): Promise<FetchedRelease> {
  const { cache, network, keyrings, signatures, now } = context;
  const own = async (): Promise<FetchedRelease> => await fetchSigned(entry, host, context);
  // Who lets something pass is to be told of it.
  if (signatures !== "required" || entry.trusted === true) return await own();
  const facts = [entry, host.root, cache.directory, network, keyrings, now];
  return await loading.once(JSON.stringify(facts), own, context);
}

async function fetchSigned(entry: SourceEntry, host: Host, context: Context): Promise<FetchedRelease> {
  // Reading the keys takes as long as the file is on its way. What is wrong with them is told where they are needed.
  keyringFor(entry, host, context).catch(() => {});
  const label = `${showSource(entry)}/InRelease`;
  const inRelease = await fetchIfThere(entry, "InRelease", host, context);
  if (inRelease !== undefined) {
    const { bytes, digest } = inRelease;
    const checked = await passUnchecked(
      entry,
      context,
      label,
      async () => await uncheckedText(bytes, label),
      async () => {
        const keyring = await keyringFor(entry, host, context);
        return await checkClearsigned(bytes, { keyring, now: context.now, label });
      },
    );
    return { ...checked, digest };
  }
  const plain = `${showSource(entry)}/Release`;
  const release = await fetchIfThere(entry, "Release", host, context);
  if (release === undefined) {
    throw new DistroError("NOT_FOUND", `there is no ${label}, and no Release beside it`, {
      advice: "Compare the address and the suite with what the mirror has.",
      fields: { source: showSource(entry), suite: entry.suite },
    });
  }
  const signature = await fetchIfThere(entry, "Release.gpg", host, context);
  const checked = await passUnchecked(
    entry,
    context,
    plain,
    async () => release.bytes.toString("utf8"),
    async () => {
      if (signature === undefined) {
        throw new DistroError("INDEX_UNSIGNED", `${plain} has no Release.gpg beside it`, {
          advice: "Take packages from a repository that signs its index.",
        });
      }
      const keyring = await keyringFor(entry, host, context);
      return await checkDetached(release.bytes, signature.bytes, { keyring, now: context.now, label: plain });
    },
  );
  return { ...checked, digest: release.digest };
}

/** With signatures unchecked what is wrong with them is said, and no more. */
async function passUnchecked(
  { trusted }: SourceEntry,
  { signatures, onEvent }: Context,
  label: string,
  unchecked: () => Promise<string>,
  check: () => Promise<SignedText>,
): Promise<SignedText> {
  if (signatures === "required" && trusted !== true) return await check();
  try {
    return await check();
  } catch (error) {
    if (
      !isFault(error, "INDEX_UNSIGNED", "KEY_UNKNOWN", "KEY_INVALID", "SIGNATURE_INVALID", "FILE_MISSING")
    ) {
      throw error;
    }
    onEvent({ type: "warning", subject: label, message: `the signature was let pass: ${error.message}` });
    return { text: await unchecked(), signedBy: [] };
  }
}

/** What one context has read already: suites of one archive have the same keys. */
const keyringsOf = new WeakMap<Context, Map<string, Promise<Keyring>>>();

async function keyringFor({ signedBy }: SourceEntry, { root }: Host, context: Context): Promise<Keyring> {
  const known = keyringsOf.get(context) ?? new Map<string, Promise<Keyring>>();
  keyringsOf.set(context, known);
  const key = JSON.stringify([signedBy, root]);
  const keyring = known.get(key) ?? loadKeyring({ signedBy, keyrings: context.keyrings, root });
  known.set(key, keyring);
  keyring.catch(() => known.delete(key)); // what failed may be tried again
  return await keyring;
}

async function fetchIfThere(
  entry: SourceEntry,
  name: string,
  host: Host,
  context: Context,
): Promise<Fetched | undefined> {
  const url = `${suiteAddress(entry)}/${name}`;
  try {
    return await context.fetcher.current(url, {
      limit: MAX_BYTES,
      label: `${entry.suite} ${name}`,
      ...accessTo(url, host),
      signal: context.signal,
    });
  } catch (error) {
    if (isFault(error, "NOT_FOUND")) return undefined;
    throw error;
  }
}

function checkTime(entry: SourceEntry, release: Release, configuration: AptConfiguration, now: number): void {
  const { date, validUntil } = release;
  const isOn = (own: boolean | undefined, key: string): boolean =>
    own ?? yesOrNo(settingOf(configuration, key)) ?? true;
  const checksDate = isOn(entry.checkDate, "Acquire::Check-Date");
  if (checksDate && date !== undefined && date > now + CLOCK_TOLERANCE) {
    throw new DistroError(
      "INDEX_INVALID",
      `${showSource(entry)}: its Release is of ${day(date)}, which is still to come`,
      { advice: "Set this machine's clock." },
    );
  }
  // Without the date a clock that is wrong would let everything expire.
  const checksUntil = checksDate && isOn(entry.checkValidUntil, "Acquire::Check-Valid-Until");
  if (checksUntil && validUntil !== undefined && validUntil < now) {
    throw new DistroError(
      "INDEX_EXPIRED",
      `${showSource(entry)}: its Release counted until ${day(validUntil)}`,
      {
        advice: "The mirror is out of date, or holds updates back: use another.",
        fields: { source: showSource(entry), validUntil },
      },
    );
  }
}

/** An attacker who cannot sign can still send what was signed long ago. */
async function checkRollback(entry: SourceEntry, { date }: Release, context: Context): Promise<void> {
  if (date === undefined) return;
  const key = showSource(entry);
  const seen = await context.cache.record("apt-release", key);
  const newest = typeof seen === "number" ? seen : 0;
  if (date < newest) {
    throw new DistroError(
      "INDEX_ROLLED_BACK",
      `${key}: its Release is of ${day(date)}, but one of ${day(newest)} was seen before`,
      { advice: "The mirror is behind, or holds updates back: use another.", fields: { source: key } },
    );
  }
  if (date > newest) await context.cache.storeRecord("apt-release", key, date);
}

function day(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace(".000Z", "Z");
}

/** The file's path below the suite. */
export function indexPath(entry: SourceEntry, component: string, architecture: string): string {
  return isFlat(entry) ? "Packages" : `${component}/binary-${architecture}/Packages`;
}
