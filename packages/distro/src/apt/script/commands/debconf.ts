import type { Handler } from "../call.ts";
import type { System } from "./system.ts";

/** Takes the answers that a package's templates give, but for questions that have one. */
export function loadTemplates({ answers }: System, templates: string): void {
  for (const paragraph of templates.split(/\n{2,}/)) {
    const name = /^Template:\s*(\S+)/m.exec(paragraph)?.[1];
    if (name === undefined || answers.has(name)) continue;
    answers.set(name, /^Default:[ \t]*(.*)$/m.exec(paragraph)?.[1]?.trim() ?? "");
  }
}

const done: Handler = () => 0;

/** Questions are not asked: each has the answer that its package's templates give (debconf-devel(7)). */
export function debconfCommands({ answers }: System): Readonly<Record<string, Handler>> {
  return {
    db_get: ({ args: [name = ""], shell }) => {
      shell.assign("RET", answers.get(name) ?? "");
      return answers.has(name) ? 0 : 10;
    },
    db_set: ({ args: [name = "", value = ""] }) => {
      answers.set(name, value);
      return 0;
    },
    db_fget: ({ shell }) => {
      shell.assign("RET", "false");
      return 0;
    },
    // 30: the question was passed over.
    db_input: () => 30,
    db_version: done,
    db_capb: done,
    db_title: done,
    db_settitle: done,
    db_subst: done,
    db_fset: done,
    db_go: done,
    db_stop: done,
    db_purge: done,
    db_reset: done,
    db_register: done,
    db_unregister: done,
    db_progress: done,
    db_beginblock: done,
    db_endblock: done,
    db_info: done,
  };
}
