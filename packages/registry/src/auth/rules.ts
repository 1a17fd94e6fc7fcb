import { RegistryError } from "../errors.ts";
import { nearest } from "../serve/settings/nearest.ts";
import type { Access, Action } from "./authorize.ts";

export interface RuleTexts {
  /** `WHO ACTIONS REPOSITORIES`, each a list with commas: `anna,@ops pull,push mine/**`. */
  readonly rules: readonly string[];
  /** `NAME=MEMBER,…`. */
  readonly groups: readonly string[];
}

/** Whether a user, or a visitor without a name, may have an access. */
export type Allows = (username: string | undefined, access: Access) => boolean;

interface Rule {
  readonly who: readonly string[];
  readonly actions: readonly Action[];
  readonly repositories: readonly Pattern[];
}

interface Pattern {
  readonly components: readonly string[];
  /** Whether `{user}` stands in it. */
  readonly isOwn: boolean;
}

const ACTIONS: readonly Action[] = ["pull", "push", "delete", "make", "list"];
const ANYONE = "*";
const USERS = "@users";
const USER = "{user}";
const PATTERN_COMPONENT = /^(?:\*\*|\{user\}|[a-z0-9*._-]+)$/;

/**
 * Reads the rules of who may do what: what no rule allows is forbidden. WHO is a user, `@GROUP`,
 * `@users` for everybody with a name, or `*` for everybody. ACTIONS are pull, push, delete, make, list
 * (the catalog), or `all`. In REPOSITORIES `*` stands for anything but a slash, the component `**` for
 * any number of components, and `{user}` for the user's own name. `CONFIG_INVALID`
 */
export function parseRules({ rules, groups }: RuleTexts): Allows {
  const members = new Map(groups.map((text) => parseGroup(text)));
  const parsed = rules.map((text) => parseRule(text, members));
  const isMeant = (who: string, username: string | undefined): boolean => {
    if (who === ANYONE) return true;
    if (username === undefined) return false;
    if (who === USERS) return true;
    return who.startsWith("@") ? members.get(who.slice(1))?.has(username) === true : who === username;
  };
  return (username, { action, repository }) =>
    parsed.some(
      (rule) =>
        rule.actions.includes(action) &&
        rule.who.some((who) => isMeant(who, username)) &&
        (repository === undefined ||
          rule.repositories.some((pattern) => matches(pattern, repository, username))),
    );
}

function parseGroup(text: string): readonly [string, ReadonlySet<string>] {
  const [, name, list] = /^([A-Za-z0-9._-]+)=([^\s=]+)$/.exec(text) ?? [];
  if (name === undefined || list === undefined || name === "users") {
    throw invalid(
      `${JSON.stringify(text)} is no group`,
      "Write NAME=MEMBER,MEMBER; the group users is everybody.",
    );
  }
  return [name, new Set(list.split(","))];
}

function parseRule(text: string, groups: ReadonlyMap<string, unknown>): Rule {
  const [who, actions, repositories, ...rest] = text.split(/\s+/);
  if (who === undefined || actions === undefined || repositories === undefined || rest.length > 0) {
    throw invalid(
      `${JSON.stringify(text)} is no rule`,
      "Write WHO ACTIONS REPOSITORIES, such as: anna,@ops pull,push mine/**",
    );
  }
  const named = who.split(",");
  for (const name of named) {
    if (name.startsWith("@") && name !== USERS && !groups.has(name.slice(1))) {
      throw invalid(`the rule ${JSON.stringify(text)} is for ${name}, and there is no such group`);
    }
  }
  return {
    who: named,
    actions: actions === "all" ? ACTIONS : actions.split(",").map((word) => parseAction(word, text)),
    repositories: repositories.split(",").map((pattern) => parsePattern(pattern, text)),
  };
}

function parseAction(word: string, rule: string): Action {
  const action = ACTIONS.find((known) => known === word);
  if (action !== undefined) return action;
  const near = nearest(word, ACTIONS);
  throw invalid(
    `the rule ${JSON.stringify(rule)} is about ${JSON.stringify(word)}`,
    `Actions are ${ACTIONS.join(", ")} and all.${near === undefined ? "" : ` Did you mean ${near}?`}`,
  );
}

function parsePattern(pattern: string, rule: string): Pattern {
  const components = pattern.split("/");
  const wrong = components.find((component) => !PATTERN_COMPONENT.test(component));
  if (wrong === undefined) return { components, isOwn: components.includes(USER) };
  throw invalid(
    `the rule ${JSON.stringify(rule)} is about ${JSON.stringify(pattern)}, which matches no repository`,
    "Repositories are written such as mine/tools, mine/*, mine/** or home/{user}/**.",
  );
}

function matches({ components, isOwn }: Pattern, repository: string, username: string | undefined): boolean {
  // A name such as `..` or `a/b` is no component of a repository, so that nobody can be called `**`.
  if (isOwn && (username === undefined || !/^[a-z0-9._-]+$/.test(username))) return false;
  const own = components.map((component) => (component === USER ? (username ?? "") : component));
  return matchesFrom(own, repository.split("/"));
}

function matchesFrom(pattern: readonly string[], names: readonly string[]): boolean {
  // As a shell does it: on a mismatch, the last `**` takes one more.
  let [at, name] = [0, 0];
  let last: { readonly at: number; name: number } | undefined;
  while (name < names.length) {
    const component = pattern[at];
    if (component === "**") {
      last = { at, name };
      at += 1;
    } else if (component !== undefined && matchesComponent(component, names[name] ?? "")) {
      at += 1;
      name += 1;
    } else if (last !== undefined) {
      last.name += 1;
      name = last.name;
      at = last.at + 1;
    } else return false;
  }
  return pattern.slice(at).every((component) => component === "**");
}

function matchesComponent(pattern: string, name: string): boolean {
  const [first = "", ...others] = pattern.split("*");
  if (others.length === 0) return pattern === name;
  const last = others.pop() ?? "";
  if (!name.startsWith(first) || name.length < first.length + last.length || !name.endsWith(last))
    return false;
  let rest = name.slice(first.length, name.length - last.length);
  for (const piece of others) {
    const found = rest.indexOf(piece);
    if (found < 0) return false;
    rest = rest.slice(found + piece.length);
  }
  return true;
}

function invalid(message: string, advice?: string): RegistryError {
  return new RegistryError("CONFIG_INVALID", message, {
    kind: "usage",
    ...(advice === undefined ? {} : { advice }),
  });
}
