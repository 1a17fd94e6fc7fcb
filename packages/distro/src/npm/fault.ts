import type { FaultKind } from "@cooper/sys";
import { z } from "zod";
import { DistroError, type DistroErrorCode } from "../errors.ts";

/** What npm printed when it failed, as one of Cooper's errors. */
export function npmFault(stdout: string, stderr: string): DistroError {
  const { code, summary } = readError(stdout) ?? { code: "", summary: lastLines(stderr) };
  const known = KNOWN.find(({ codes }) => codes.test(code)) ?? OTHER;
  return new DistroError(known.as, `npm could not solve it: ${summary.trim()}`, {
    kind: known.kind ?? "failed",
    ...(known.advice === undefined ? {} : { advice: known.advice }),
    fields: { npmCode: code },
  });
}

interface Known {
  readonly codes: RegExp;
  readonly as: DistroErrorCode;
  readonly kind?: FaultKind;
  readonly advice?: string;
}

const KNOWN: readonly Known[] = [
  { codes: /^E404$/, as: "NOT_FOUND", advice: "Look at the name; npm search WORD finds packages." },
  {
    codes: /^(?:ETARGET|ENOVERSIONS)$/,
    as: "UNSOLVABLE",
    advice: "npm view NAME versions shows what there is.",
  },
  { codes: /^ERESOLVE$/, as: "UNSOLVABLE", advice: "Ask for versions that go with each other." },
  { codes: /^E(?:ALLOW|BLOCK)\w*$/, as: "UNSOLVABLE", advice: "Only packages of a registry can be locked." },
  {
    codes: /^E(?:401|403|NEEDAUTH|OTP)$/,
    as: "FETCH_FAILED",
    advice: "Log in with npm login, or look at npmrc.",
  },
  { codes: /^EBADPLATFORM$/, as: "PLATFORM_UNSUPPORTED" },
  { codes: /^EINTEGRITY$/, as: "DIGEST_MISMATCH", advice: "The registry gave other bytes than it promised." },
  { codes: /^ENOTCACHED$/, as: "OFFLINE", advice: "Build from a lock file, or once with the network." },
  {
    codes: /^(?:E5\d\d|E429|ENOTFOUND|EAI_AGAIN|ECONN\w+|ETIMEDOUT|ERR_SOCKET_TIMEOUT|FETCH_ERROR|EPIPE)$/,
    as: "FETCH_FAILED",
    kind: "passing",
    advice: "Look at the network, npm config get registry and the proxy, and try again.",
  },
];

const OTHER: Known = {
  codes: /^/,
  as: "FETCH_FAILED",
  advice: "npm's own words are above; npm doctor may tell more.",
};

const printed = z.looseObject({
  error: z.looseObject({
    code: z.string().catch(""),
    summary: z.string().catch(""),
    detail: z.string().catch(""),
  }),
});

function readError(stdout: string): { readonly code: string; readonly summary: string } | undefined {
  // A script or a warning may have printed something before it.
  const start = stdout.indexOf("{");
  if (start === -1) return undefined;
  try {
    const { error } = printed.parse(JSON.parse(stdout.slice(start)));
    return { code: error.code, summary: error.summary === "" ? error.detail : error.summary };
  } catch {
    return undefined; // no JSON: then its other words are all there is
  }
}

function lastLines(text: string): string {
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  return lines.length === 0 ? "it said nothing" : lines.slice(-5).join("\n");
}
