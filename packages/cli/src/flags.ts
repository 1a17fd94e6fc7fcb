// Types of flags are aliases, not interfaces: stricli wants them to have an index signature.

/** The flags that every command has. */
export type GlobalFlags = {
  readonly quiet?: boolean | undefined;
  readonly verbose?: boolean | undefined;
};

export const globalFlags = {
  quiet: {
    kind: "boolean",
    optional: true,
    withNegated: false,
    brief: "No progress and no notes: only the answer, and errors",
  },
  verbose: {
    kind: "boolean",
    optional: true,
    withNegated: false,
    brief: "Say more; an error comes with its causes and stack",
  },
} as const;

/** For every command that reads something. */
export type JsonFlag = { readonly json?: boolean | undefined };

export const jsonFlag = {
  json: {
    kind: "boolean",
    optional: true,
    withNegated: false,
    brief: "Print JSON; docs/schemas/ describes it",
  },
} as const;

/** A string flag that may be left out. */
export function text(
  brief: string,
  placeholder: string,
): {
  readonly kind: "parsed";
  readonly parse: (input: string) => string;
  readonly optional: true;
  readonly brief: string;
  readonly placeholder: string;
} {
  return { kind: "parsed", parse: String, optional: true, brief, placeholder };
}

/** A string flag that may be given many times. */
export function texts(
  brief: string,
  placeholder: string,
): {
  readonly kind: "parsed";
  readonly parse: (input: string) => string;
  readonly optional: true;
  readonly variadic: true;
  readonly brief: string;
  readonly placeholder: string;
} {
  return { kind: "parsed", parse: String, optional: true, variadic: true, brief, placeholder };
}

/** A switch. */
export function flag(brief: string): {
  readonly kind: "boolean";
  readonly optional: true;
  readonly withNegated: false;
  readonly brief: string;
} {
  return { kind: "boolean", optional: true, withNegated: false, brief };
}
