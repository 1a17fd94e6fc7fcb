import type { RootTree } from "../../../rootfs/tree.ts";
import { sizeOf, type TreeNode } from "../../../rootfs/node.ts";
import type { Call, Handler } from "../call.ts";

/** `test` and `[`: undefined where it asks what cannot be told. */
export const test: Handler = ({ name, args, shell }: Call): number | undefined => {
  const words = name === "[" && args.at(-1) === "]" ? args.slice(0, -1) : args;
  const result = new Test(words, shell.tree).whole();
  return result === undefined ? undefined : Number(!result);
};

type Answer = boolean | undefined;

class Test {
  readonly #words: readonly string[];
  readonly #tree: RootTree;
  #at = 0;

  constructor(words: readonly string[], tree: RootTree) {
    this.#words = words;
    this.#tree = tree;
  }

  whole(): Answer {
    if (this.#words.length === 0) return false;
    const answer = this.#or();
    return this.#at === this.#words.length ? answer : undefined;
  }

  #or(): Answer {
    let answer = this.#and();
    while (this.#words[this.#at] === "-o") {
      this.#at++;
      const other = this.#and();
      answer = answer === undefined || other === undefined ? undefined : answer || other;
    }
    return answer;
  }

  #and(): Answer {
    let answer = this.#one();
    while (this.#words[this.#at] === "-a") {
      this.#at++;
      const other = this.#one();
      answer = answer === undefined || other === undefined ? undefined : answer && other;
    }
    return answer;
  }

  #one(): Answer {
    const [first = "", second, third] = this.#words.slice(this.#at);
    if (second !== undefined && third !== undefined && BINARY.has(second)) {
      this.#at += 3;
      return compare(first, second, third);
    }
    if (first === "!" && second !== undefined) {
      this.#at++;
      const answer = this.#one();
      return answer === undefined ? undefined : !answer;
    }
    if (first === "(" && second !== undefined) {
      this.#at++;
      const answer = this.#or();
      if (this.#words[this.#at++] !== ")") return undefined;
      return answer;
    }
    if (second !== undefined && /^-[a-zA-Z]$/.test(first) && first !== "-a" && first !== "-o") {
      this.#at += 2;
      return this.#unary(first, second);
    }
    this.#at++;
    return first !== "";
  }

  #unary(operator: string, operand: string): Answer {
    if (operator === "-n") return operand !== "";
    if (operator === "-z") return operand === "";
    if (operator === "-t") return false;
    const last = operator === "-L" || operator === "-h" ? "keep" : "follow";
    if (operand === "") return false;
    return ask(operator, this.#tree.get(operand, last));
  }
}

function ask(operator: string, node: TreeNode | undefined): Answer {
  switch (operator) {
    case "-e":
    case "-r":
    case "-w":
      return node !== undefined;
    case "-f":
      return node?.type === "file";
    case "-d":
      return node?.type === "directory";
    case "-L":
    case "-h":
      return node?.type === "symlink";
    case "-x":
      return node !== undefined && (node.mode & 0o111) !== 0;
    case "-s":
      return node !== undefined && (node.type !== "file" || sizeOf(node) > 0);
    case "-b":
    case "-c":
    case "-p":
    case "-S":
      return false;
    default:
      return undefined;
  }
}

const BINARY: ReadonlySet<string> = new Set(["=", "==", "!=", "-eq", "-ne", "-lt", "-le", "-gt", "-ge"]);

function compare(left: string, operator: string, right: string): Answer {
  if (operator === "=" || operator === "==") return left === right;
  if (operator === "!=") return left !== right;
  if (!/^\s*-?\d+\s*$/.test(left) || !/^\s*-?\d+\s*$/.test(right)) return false;
  const difference = Number(left) - Number(right);
  switch (operator) {
    case "-eq":
      return difference === 0;
    case "-ne":
      return difference !== 0;
    case "-lt":
      return difference < 0;
    case "-le":
      return difference <= 0;
    case "-gt":
      return difference > 0;
    default:
      return difference >= 0;
  }
}
