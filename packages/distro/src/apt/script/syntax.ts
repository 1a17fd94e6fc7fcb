/**
 * A maintainer script as it is read: the shell's grammar (POSIX.1-2017, Shell Command Language) without
 * what scripts of packages do not use. Nothing here runs anything.
 */

/** Pieces that are joined to one word, or are split into several where they are not quoted. */
export type Word = readonly WordPart[];

export type WordPart =
  | { readonly kind: "text"; readonly text: string; readonly quoted: boolean }
  | {
      readonly kind: "parameter";
      readonly name: string;
      /** As in `${name:-word}`: `:-`, `##`, …; `length` is `${#name}`. */
      readonly operator: string | undefined;
      readonly word: Word;
      readonly quoted: boolean;
    }
  | { readonly kind: "substitution"; readonly body: List; readonly quoted: boolean }
  | { readonly kind: "arithmetic"; readonly quoted: boolean };

export interface Redirect {
  readonly descriptor: number;
  /** `>`, `>>`, `<`, `>&`, `<&`, or `<<` with the document as its target. */
  readonly operator: string;
  readonly target: Word;
}

export interface Assignment {
  readonly name: string;
  readonly value: Word;
}

export type Command = { readonly line: number; readonly redirects: readonly Redirect[] } & (
  | { readonly kind: "simple"; readonly assignments: readonly Assignment[]; readonly words: readonly Word[] }
  | { readonly kind: "if"; readonly clauses: readonly Clause[]; readonly otherwise: List | undefined }
  | { readonly kind: "case"; readonly subject: Word; readonly arms: readonly Arm[] }
  | {
      readonly kind: "for";
      readonly name: string;
      /** Undefined: the script's or function's own arguments. */
      readonly words: readonly Word[] | undefined;
      readonly body: List;
    }
  | { readonly kind: "while" | "until"; readonly condition: List; readonly body: List }
  | { readonly kind: "group" | "subshell"; readonly body: List }
  | { readonly kind: "function"; readonly name: string; readonly body: Command }
);

export interface Clause {
  readonly condition: List;
  readonly body: List;
}

export interface Arm {
  readonly patterns: readonly Word[];
  readonly body: List;
}

export interface Pipeline {
  readonly commands: readonly Command[];
  readonly negated: boolean;
}

/** Pipelines joined by `&&` and `||`; the first one's operator is `&&`. */
export type AndOr = readonly { readonly operator: "&&" | "||"; readonly pipeline: Pipeline }[];

export type List = readonly AndOr[];
