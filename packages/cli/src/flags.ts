import type { ProgressForm } from "./display/terminal.ts";

// Types of flags are aliases, not interfaces: stricli wants them to have an index signature.

/** The flags that every command has. */
export type GlobalFlags = {
  readonly quiet?: boolean | undefined;
  readonly verbose?: boolean | undefined;
};

/** For every command that reads something. */
export type JsonFlag = { readonly json?: boolean | undefined };

/** For every command that may speak to a registry. */
export type RegistryFlags = {
  readonly insecure?: boolean | undefined;
  readonly authFile?: string | undefined;
};

export interface TextFlag {
  readonly kind: "parsed";
  readonly parse: (input: string) => string;
  readonly optional: true;
  readonly brief: string;
  readonly placeholder: string;
}

/** A string flag that may be left out. */
export function text(brief: string, placeholder: string): TextFlag {
  return { kind: "parsed", parse: String, optional: true, brief, placeholder };
}

/** A string flag that may be given many times. */
export function texts(brief: string, placeholder: string): TextFlag & { readonly variadic: true } {
  return { ...text(brief, placeholder), variadic: true };
}

interface SwitchFlag {
  readonly kind: "boolean";
  readonly optional: true;
  readonly withNegated: false;
  readonly brief: string;
}

/** A switch. */
export function flag(brief: string): SwitchFlag {
  return { kind: "boolean", optional: true, withNegated: false, brief };
}

export const globalFlags = {
  quiet: flag("No progress and no notes: only the answer, and errors"),
  verbose: flag("Say more; an error comes with its causes and stack"),
} as const;

export const jsonFlag = { json: flag("Print JSON; docs/schemas/ describes it") } as const;

export const registryFlags = {
  insecure: flag("Trust any certificate, and try plain HTTP too"),
  authFile: text("Look for credentials in this file only", "FILE"),
} as const;

/** For commands whose progress programs follow: `terminal.showProgress` takes it. */
export type ProgressFlag = { readonly progress?: ProgressForm | undefined };

export const progressFlag = {
  progress: {
    kind: "enum",
    values: ["auto", "live", "plain", "json"],
    optional: true,
    brief: "How progress is shown: live on a terminal and plain lines elsewhere (auto), or lines of JSON",
  },
} as const;

interface CountFlag {
  readonly kind: "parsed";
  readonly parse: (input: string) => number;
  readonly optional: true;
  readonly brief: string;
  readonly placeholder: string;
}

/** A whole number from 1. */
export function count(brief: string, placeholder: string): CountFlag {
  return { kind: "parsed", parse: parseCount, optional: true, brief, placeholder };
}

function parseCount(input: string): number {
  if (!/^[1-9]\d{0,8}$/.test(input)) throw new Error("it must be a whole number from 1");
  return Number(input);
}
