import { packageInvalid } from "./fault.ts";

/** A field with its name as it is written; continuation lines are in the value, each after a newline. */
export interface ControlField {
  readonly name: string;
  readonly value: string;
}

/**
 * The fields of a binary package's `control` in their order, with nothing of them lost: they are
 * written into dpkg's status file again (deb-control(5)). `PACKAGE_INVALID`
 */
export function parseControlFile(text: string, label: string): readonly ControlField[] {
  const fields: { name: string; value: string }[] = [];
  const lines = text.replace(/\n+$/, "").split("\n");
  for (const [at, line] of lines.entries()) {
    const last = fields.at(-1);
    const isContinuation = line.startsWith(" ") || line.startsWith("\t");
    if (isContinuation && last !== undefined) {
      last.value += `\n${line}`;
      continue;
    }
    const [, name, value = ""] = /^([!-9;-~]+):(.*)$/.exec(line) ?? [];
    if (name === undefined) {
      throw packageInvalid(label, `has a control file whose line ${at + 1} is no field`, "control");
    }
    fields.push({ name, value: value.trimStart() });
  }
  return fields;
}

/** A field's value, whatever the case of its name; "" where it is not there. */
export function fieldOf(fields: readonly ControlField[], name: string): string {
  const wanted = name.toLowerCase();
  return fields.find((field) => field.name.toLowerCase() === wanted)?.value.trim() ?? "";
}
