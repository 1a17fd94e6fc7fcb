import { readFileSync, realpathSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fromBytes, writeFileAtomic } from "@cooper/archive";
import { z } from "zod";
import { TransportError } from "../errors.ts";
import type { Environment } from "../registry/http/proxy.ts";
import { makeDirectories } from "@cooper/sys";

/** One entry of `auths`. */
export interface AuthEntry {
  readonly auth?: string | undefined;
  readonly username?: string | undefined;
  readonly password?: string | undefined;
  readonly identitytoken?: string | undefined;
  readonly registrytoken?: string | undefined;
  readonly [other: string]: unknown;
}

interface AuthContents {
  readonly auths?: Readonly<Record<string, AuthEntry | null>> | null | undefined;
  readonly credHelpers?: Readonly<Record<string, string>> | null | undefined;
  readonly credsStore?: string | null | undefined;
  readonly HttpHeaders?: Readonly<Record<string, string>> | null | undefined;
  readonly [other: string]: unknown;
}

const Entry: z.ZodType<AuthEntry> = z.looseObject({
  auth: z.string().optional(),
  username: z.string().optional(),
  password: z.string().optional(),
  identitytoken: z.string().optional(),
  registrytoken: z.string().optional(),
});

const Contents: z.ZodType<AuthContents> = z.looseObject({
  auths: z.record(z.string(), Entry.nullable()).nullish(),
  credHelpers: z.record(z.string(), z.string()).nullish(),
  credsStore: z.string().nullish(),
  HttpHeaders: z.record(z.string(), z.string()).nullish(),
});

/** A file of credentials as Docker and podman keep it; keys that Cooper does not know stay as they are. */
export interface AuthFile {
  readonly path: string;
  readonly contents: AuthContents;
}

/** Where a file of credentials may be. */
export interface AuthFileLocation {
  readonly path: string;
  /** Docker's own file, the only one whose `HttpHeaders` count. */
  readonly kind: "docker" | "containers";
}

/** The files that are looked into, in order (docs/registries.md). An explicit one stands alone. */
export function authFileLocations(
  environment: Environment,
  explicit: string | undefined,
): readonly AuthFileLocation[] {
  if (explicit !== undefined) return [{ path: explicit, kind: "containers" }];
  const home = environment["HOME"] ?? homedir();
  const variable = (name: string): string | undefined => environment[name] || undefined;
  const named = variable("REGISTRY_AUTH_FILE");
  const runtime = variable("XDG_RUNTIME_DIR");
  const configuration = variable("XDG_CONFIG_HOME") ?? join(home, ".config");
  return [
    dockerConfiguration(environment),
    ...(named === undefined ? [] : [{ path: named, kind: "containers" } as const]),
    ...(runtime === undefined
      ? []
      : [{ path: join(runtime, "containers/auth.json"), kind: "containers" } as const]),
    { path: join(configuration, "containers/auth.json"), kind: "containers" },
  ];
}

/** Docker's own file. */
export function dockerConfiguration(environment: Environment): AuthFileLocation {
  const directory = environment["DOCKER_CONFIG"] || join(environment["HOME"] ?? homedir(), ".docker");
  return { path: join(directory, "config.json"), kind: "docker" };
}

/** What a file holds; nothing where there is none. Its text is in no error: it is secret. `AUTH_FILE` */
export function readAuthFile(path: string): AuthFile | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw new TransportError("AUTH_FILE", `cannot read the credentials in ${path} (${codeOf(error)})`, {
      advice: "Make the file readable for you, or name another with REGISTRY_AUTH_FILE.",
      fields: { path },
    });
  }
  if (text.trim() === "") return { path, contents: {} };
  const parsed = Contents.safeParse(parse(text));
  if (!parsed.success) {
    const where = parsed.error.issues[0]?.path.slice(0, 1).join("") ?? "";
    throw new TransportError(
      "AUTH_FILE",
      `${path} is not a file of credentials${where === "" ? "" : ` (see ${JSON.stringify(where)})`}`,
      { advice: "Correct the JSON, or remove the file and log in again.", fields: { path } },
    );
  }
  return { path, contents: parsed.data };
}

/** Replaces a file, for its owner alone, and never leaves half of it. A symlink stays one. `AUTH_FILE` */
export async function writeAuthFile({ path, contents }: AuthFile): Promise<void> {
  const target = realPath(path);
  const text = `${JSON.stringify(contents, null, "\t")}\n`;
  try {
    makeDirectories(dirname(target), 0o700);
    await writeFileAtomic(target, fromBytes(text), { mode: 0o600 });
  } catch (cause) {
    throw new TransportError("AUTH_FILE", `cannot write the credentials to ${path}`, {
      cause,
      advice: "Make the directory writable, or name another file with DOCKER_CONFIG or REGISTRY_AUTH_FILE.",
      fields: { path },
    });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the parser's error would show a piece of the text
  }
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

function isMissing(error: unknown): boolean {
  return codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR";
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "unknown";
}
