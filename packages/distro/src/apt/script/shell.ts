import { textOf } from "../../rootfs/node.ts";
import type { RootTree } from "../../rootfs/tree.ts";
import type { Ending, Note, ShellOptions } from "./call.ts";
import { type Expander, expandFields, expandPattern, expandText } from "./expand.ts";
import { parseScript } from "./parse.ts";
import type { AndOr, Command, List, Pipeline, Redirect } from "./syntax.ts";
import { findProgram } from "./program.ts";
import { Streams } from "./streams.ts";
import {
  ExitSignal,
  Input,
  LoopSignal,
  ReturnSignal,
  ScriptLimit,
  type Status,
  type Text,
  UNKNOWN,
} from "./value.ts";

/** Enough for every script that there is; a loop without end stops here. */
const MAX_STEPS = 200_000;
const MAX_DEPTH = 60;

/**
 * Follows a maintainer script and does to the tree what the commands in it that are known would do.
 * Nothing is run. What a command that is not known would answer is unknown: what hangs on it is left
 * out, and there is a note of the command.
 */
export class Shell implements Expander {
  readonly tree: RootTree;
  readonly notes: Note[] = [];
  parameters: readonly Text[];
  stopsOnFailure = false;
  /** What is to be done when the script ends (trap). */
  atExit = "";
  /** What new files are not allowed (umask). */
  mask = 0o022;
  readonly #options: ShellOptions;
  #variables: Map<string, Text>;
  readonly #functions = new Map<string, Command>();
  readonly #streams = new Streams();
  #status: Status = 0;
  #steps = 0;
  #depth = 0;
  /** How many conditions are being looked at: what fails in one stops nothing. */
  #tested = 0;

  constructor(options: ShellOptions) {
    this.#options = options;
    this.tree = options.tree;
    this.parameters = options.parameters;
    this.#variables = new Map(Object.entries(options.variables));
  }

  /** Follows a whole script; gives the status it ends with, and where `set -e` ended it. */
  run(script: List): Ending {
    const ending = this.#untilEnd(script);
    if (this.atExit !== "") {
      this.#untilEnd(parseScript(this.atExit));
    }
    return ending;
  }

  #untilEnd(script: List): Ending {
    try {
      return { status: this.list(script), line: undefined };
    } catch (signal) {
      if (signal instanceof ExitSignal) return { status: signal.status, line: signal.line };
      if (signal instanceof ReturnSignal) return { status: signal.status, line: undefined };
      if (signal instanceof LoopSignal) return { status: 0, line: undefined };
      throw signal;
    }
  }

  variable(name: string): Text | undefined {
    if (/^\d$/.test(name)) return name === "0" ? "script" : this.parameters[Number(name) - 1];
    switch (name) {
      case "#":
        return String(this.parameters.length);
      case "?":
        return this.#status === UNKNOWN ? UNKNOWN : String(this.#status);
      case "@":
      case "*":
        return this.parameters.includes(UNKNOWN) ? UNKNOWN : this.parameters.join(" ");
      case "$":
      case "!":
        return "1";
      case "-":
        return this.stopsOnFailure ? "e" : "";
      default:
        return this.#variables.get(name);
    }
  }

  assign(name: string, value: Text): void {
    this.#variables.set(name, value);
  }

  unset(name: string): void {
    this.#variables.delete(name);
  }

  substitute(body: List): Text {
    const { output, status } = this.#streams.captured(() => this.#inSubshell(() => this.list(body)));
    this.#status = status;
    return output === UNKNOWN ? UNKNOWN : output.replace(/\n+$/, "");
  }

  note(line: number, command: string): void {
    if (!this.notes.some((note) => note.command === command)) this.notes.push({ line, command });
  }

  isFunction(name: string): boolean {
    return this.#functions.has(name);
  }

  /** Runs what another file has, as `.` does. */
  list(list: List): Status {
    let status: Status = 0;
    for (const item of list) status = this.#andOr(item);
    return status;
  }

  #andOr(parts: AndOr): Status {
    let status: Status = 0;
    let isLast = false;
    for (const [at, { operator, pipeline }] of parts.entries()) {
      if (at > 0 && (status === UNKNOWN || (status === 0) !== (operator === "&&"))) continue;
      isLast = at === parts.length - 1;
      status = isLast ? this.#pipeline(pipeline) : this.#asCondition(() => this.#pipeline(pipeline));
      this.#status = status;
    }
    const last = parts.at(-1)?.pipeline;
    const command = last?.commands.at(-1);
    // What fails inside of a compound command has ended the script there, or was not to.
    const isSimple = command?.kind === "simple" || command?.kind === "subshell";
    const fails = status !== UNKNOWN && status !== 0 && isLast && isSimple && last?.negated === false;
    if (fails && this.stopsOnFailure && this.#tested === 0) {
      throw new ExitSignal(status, command.line);
    }
    return status;
  }

  #asCondition(work: () => Status): Status {
    this.#tested++;
    try {
      return work();
    } finally {
      this.#tested--;
    }
  }

  #pipeline({ commands, negated }: Pipeline): Status {
    if (negated) {
      const status = this.#asCondition(() => this.#pipeline({ commands, negated: false }));
      return status === UNKNOWN ? UNKNOWN : Number(status === 0);
    }
    const [only] = commands;
    if (only !== undefined && commands.length === 1) return this.#command(only);
    let status: Status = 0;
    let input = this.#streams.input;
    for (const [at, command] of commands.entries()) {
      const work = (): Status =>
        this.#streams.withInput(input, () => this.#inSubshell(() => this.#command(command)));
      if (at === commands.length - 1) {
        status = work();
      } else {
        const captured = this.#streams.captured(() => this.#asCondition(work));
        input = new Input(captured.output);
      }
    }
    return status;
  }

  #command(command: Command): Status {
    if (++this.#steps > MAX_STEPS) throw new ScriptLimit("it goes on for too long");
    if (++this.#depth > MAX_DEPTH) throw new ScriptLimit("its functions call each other too deeply");
    try {
      return this.#redirected(command.redirects, () => this.#plain(command));
    } finally {
      this.#depth--;
    }
  }

  #plain(command: Command): Status {
    const { kind } = command;
    if (kind === "simple") return this.#simple(command);
    if (kind === "if") return this.#if(command);
    if (kind === "case") return this.#case(command);
    if (kind === "for") return this.#for(command);
    if (kind === "while" || kind === "until") return this.#while(command);
    if (kind === "group") return this.list(command.body);
    if (kind !== "function") return this.#inSubshell(() => this.list(command.body));
    this.#functions.set(command.name, command.body);
    return 0;
  }

  #simple({ assignments, words, line }: Extract<Command, { kind: "simple" }>): Status {
    const [name, ...args] = expandFields(words, this);
    this.#status = name === undefined ? 0 : this.#status;
    const before = new Map<string, Text | undefined>();
    for (const { name: variable, value } of assignments) {
      before.set(variable, this.#variables.get(variable));
      this.#variables.set(variable, expandText(value, this));
    }
    // Without a command, the status is that of the last substitution.
    if (name === undefined) return this.#status;
    try {
      return this.#call(name, args, line);
    } finally {
      for (const [variable, value] of before) {
        if (value === undefined) this.#variables.delete(variable);
        else this.#variables.set(variable, value);
      }
    }
  }

  #call(name: Text, args: readonly Text[], line: number): Status {
    if (name === UNKNOWN) return UNKNOWN;
    const body = this.#functions.get(name);
    if (body !== undefined) return this.#function(body, args);
    const known = name.replace(/^(\/usr)?\/s?bin\//, "");
    const { commands } = this.#options;
    if (commands.isQuiet(known)) return 0;
    const handler = commands.handler(known);
    const write = (text: Text): void => this.#streams.output.write(text);
    if (handler === undefined) {
      const path = findProgram(this.tree, name);
      if (path === undefined) return 127;
      const script = args.includes(UNKNOWN) ? undefined : this.#scriptAt(path);
      if (script !== undefined) return this.#program(script, args);
      this.note(line, known);
    } else if (args.includes(UNKNOWN)) {
      // What is not known here was noted where it comes from.
      if (known === "echo") {
        write(UNKNOWN);
        return 0;
      }
    } else {
      const wasUnknown = this.#streams.input.isUnknown;
      const call = {
        name: known,
        args: args.map(String),
        line,
        shell: this,
        input: this.#streams.input,
        write,
      };
      const status = handler(call);
      if (status !== undefined) return status;
      if (!wasUnknown) this.note(line, known);
    }
    write(UNKNOWN);
    return UNKNOWN;
  }

  /** A program that is a script of the shell itself, and known, is followed too. */
  #scriptAt(path: string): List | undefined {
    const file = this.tree.file(path);
    const text = file === undefined ? undefined : textOf(file);
    return text !== undefined && /^#!\s*\/(usr\/)?bin\/(da|ba)?sh\b/.test(text)
      ? parseScript(text)
      : undefined;
  }

  #program(script: List, args: readonly Text[]): Status {
    return this.#inSubshell(() => {
      this.parameters = args;
      this.stopsOnFailure = false;
      return this.list(script);
    });
  }

  #function(body: Command, args: readonly Text[]): Status {
    const { parameters } = this;
    this.parameters = args;
    try {
      return this.#command(body);
    } catch (signal) {
      if (signal instanceof ReturnSignal) return signal.status;
      throw signal;
    } finally {
      this.parameters = parameters;
    }
  }

  #if({ clauses, otherwise }: Extract<Command, { kind: "if" }>): Status {
    for (const { condition, body } of clauses) {
      const status = this.#asCondition(() => this.list(condition));
      if (status === UNKNOWN) return UNKNOWN;
      if (status === 0) return this.list(body);
    }
    return otherwise === undefined ? 0 : this.list(otherwise);
  }

  #case({ subject, arms }: Extract<Command, { kind: "case" }>): Status {
    const value = expandText(subject, this);
    if (value === UNKNOWN) return UNKNOWN;
    for (const { patterns, body } of arms) {
      for (const pattern of patterns) {
        const source = expandPattern(pattern, this);
        if (source === undefined) return UNKNOWN;
        if (new RegExp(`^(?:${source})$`).test(value)) return this.list(body);
      }
    }
    return 0;
  }

  #for({ name, words, body }: Extract<Command, { kind: "for" }>): Status {
    const values = words === undefined ? this.parameters : expandFields(words, this);
    let status: Status = 0;
    for (const value of values) {
      if (value === UNKNOWN) {
        status = UNKNOWN;
        continue;
      }
      this.assign(name, value);
      const result = this.#loopBody(body);
      if (result === "break") break;
      status = result;
    }
    return status;
  }

  #while({ kind, condition, body }: Extract<Command, { kind: "while" | "until" }>): Status {
    let status: Status = 0;
    for (;;) {
      const met = this.#asCondition(() => this.list(condition));
      if (met === UNKNOWN) return UNKNOWN;
      if ((met === 0) !== (kind === "while")) return status;
      const result = this.#loopBody(body);
      if (result === "break") return 0;
      status = result;
    }
  }

  #loopBody(body: List): Status | "break" {
    try {
      return this.list(body);
    } catch (signal) {
      if (!(signal instanceof LoopSignal)) throw signal;
      if (signal.levels-- > 1) throw signal;
      return signal.kind === "break" ? "break" : 0;
    }
  }

  #inSubshell(work: () => Status): Status {
    const { parameters, stopsOnFailure, mask } = this;
    const variables = this.#variables;
    this.#variables = new Map(variables);
    try {
      return work();
    } catch (signal) {
      if (signal instanceof ExitSignal || signal instanceof ReturnSignal) return signal.status;
      throw signal;
    } finally {
      this.#variables = variables;
      this.parameters = parameters;
      this.stopsOnFailure = stopsOnFailure;
      this.mask = mask;
    }
  }

  /** Standard output to a file, standard input from one; where messages go does not matter. */
  #redirected(redirects: readonly Redirect[], work: () => Status): Status {
    let wrapped = work;
    for (const { descriptor, operator, target } of redirects) {
      const text = expandText(target, this);
      const inner = wrapped;
      if (descriptor === 0 && operator !== "<&") {
        const source = operator === "<<" ? text : this.#textOfFile(text);
        if (source === undefined) return 1;
        wrapped = () => this.#streams.withInput(new Input(source), inner);
      } else if (descriptor === 1) {
        wrapped = () => this.#sent(inner, operator, text);
      }
    }
    return wrapped();
  }

  #textOfFile(path: Text): Text | undefined {
    if (path === UNKNOWN) return UNKNOWN;
    if (path.startsWith("/dev/")) return "";
    const file = this.tree.file(path);
    return file === undefined ? undefined : (textOf(file) ?? UNKNOWN);
  }

  #sent(work: () => Status, operator: string, target: Text): Status {
    if (operator === ">&" || operator === "<&") return this.#streams.captured(work).status;
    let ending: unknown;
    const { output, status } = this.#streams.captured(() => {
      try {
        return work();
      } catch (signal) {
        // What was written before the script ended is there.
        ending = signal;
        return 0;
      }
    });
    const result = this.#write(target, output, operator === ">>" ? "append" : "replace");
    if (ending !== undefined) throw ending;
    return result === 0 ? status : result;
  }

  #write(target: Text, output: Text, how: "append" | "replace"): Status {
    if (target === UNKNOWN) return UNKNOWN;
    if (target.startsWith("/dev/")) return 0;
    if (output === UNKNOWN) return UNKNOWN;
    return Number(!this.#options.writeFile(target, output, 0o666 & ~this.mask, how));
  }
}
