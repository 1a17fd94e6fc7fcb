import {
  ArgumentScannerError,
  buildApplication,
  buildCommand,
  buildRouteMap,
  formatMessageForArgumentScannerError,
  text_en,
} from "@stricli/core";
import type { Application, ApplicationText, Command, RouteMap } from "@stricli/core";
import type { Invocation } from "./command.ts";
import { COMMANDS } from "./commands/table.ts";
import type { CommandEntry, Entry } from "./commands/table.ts";
import { helpIntegration, versionIntegration } from "./help.ts";

/**
 * The application for one run. Only the command that `args` name is loaded; the others stand in
 * with their brief, which is all that help, completion and did-you-mean need of them.
 */
export async function application(args: readonly string[]): Promise<Application<Invocation>> {
  const routes: Record<string, Command<Invocation> | RouteMap<Invocation>> = bare();
  for (const [name, entry] of entries()) {
    routes[name] = await target(entry, args[0] === name ? args.slice(1) : undefined);
  }
  return buildApplication(
    buildRouteMap({ routes, docs: { brief: "Container images, with no daemon" }, aliases: bare() }),
    {
      name: "cooper",
      scanner: { caseStyle: "allow-kebab-for-camel", allowArgumentEscapeSequence: true },
      documentation: { onlyRequiredInUsageLine: true, useAliasInUsageLine: true },
      completion: { includeAliases: false },
      localization: { text: messages(commandName(args)) },
    },
    { help: helpIntegration, version: versionIntegration },
  );
}

/** `copy`, or `index create`: what `args` name, as far as it exists. */
export function commandName(args: readonly string[]): string {
  const names: string[] = [];
  const [first = "", second = ""] = args;
  const entry = entries().get(first);
  if (entry !== undefined) names.push(first);
  if (entry !== undefined && "commands" in entry && Object.hasOwn(entry.commands, second)) names.push(second);
  return names.join(" ");
}

/** Every command by its full name: `copy`, `index create`. */
export function commandNames(): readonly string[] {
  return [...entries()].flatMap(([name, entry]) =>
    "load" in entry ? [name] : Object.keys(entry.commands).map((child) => `${name} ${child}`),
  );
}

function entries(): ReadonlyMap<string, Entry> {
  return new Map(Object.values(COMMANDS).flatMap((group) => Object.entries(group)));
}

/** An object without a prototype: to stricli, which looks names up with `in`, `constructor` is a name. */
function bare<Value>(): Record<string, Value> {
  const object: Record<string, Value> = Object.create(null);
  return object;
}

async function target(
  entry: Entry,
  rest: readonly string[] | undefined,
): Promise<Command<Invocation> | RouteMap<Invocation>> {
  if ("load" in entry) return await command(entry, rest !== undefined);
  const routes: Record<string, Command<Invocation>> = bare();
  for (const [name, child] of Object.entries(entry.commands)) {
    routes[name] = await command(child, rest?.[0] === name);
  }
  return buildRouteMap({ routes, docs: { brief: entry.brief }, aliases: bare() });
}

async function command(entry: CommandEntry, wanted: boolean): Promise<Command<Invocation>> {
  if (wanted) {
    (await import("./schemas/uncompiled.ts")).leaveSchemasUncompiled();
    return (await entry.load())(entry.brief);
  }
  return buildCommand({ parameters: {}, docs: { brief: entry.brief }, func() {} });
}

/** What stricli says when the arguments are wrong, in Cooper's form. */
function messages(name: string): ApplicationText {
  const see = `  See: cooper ${name === "" ? "" : `${name} `}--help`;
  return {
    ...text_en,
    exceptionWhileParsingArguments: (error) => {
      const message =
        error instanceof ArgumentScannerError
          ? formatMessageForArgumentScannerError(error, {
              ArgumentParseError: ({ externalFlagNameOrPlaceholder, input, exception }) =>
                `${JSON.stringify(input)} does not do for ${externalFlagNameOrPlaceholder}: ${
                  exception instanceof Error ? exception.message : String(exception)
                }`,
            })
          : String(error);
      return `cooper: ${name}: ${message}\n${see}`;
    },
    noCommandRegisteredForInput: ({ input, corrections }) => {
      const near = corrections.length === 0 ? "" : `; did you mean ${corrections.join(" or ")}?`;
      return `cooper: there is no command ${name === "" ? "" : `${name} `}${input}${near}\n${see}`;
    },
  };
}
