import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { fileFault } from "@cooper/archive";
import { errnoOf } from "@cooper/sys";
import { z } from "zod";
import type { Context } from "../ecosystem/context.ts";
import { DistroError } from "../errors.ts";
import { AtOnce } from "../fetch/at-once.ts";
import { runNpm } from "./program.ts";

/** Where packages come from, as npm's own configuration says. */
export interface Registries {
  /** What names the registry of a package in a lock: `npm`, or `npm/@scope` for a scope that has its own. */
  pathFor(packageName: string): string;
  /** The address of a registry, by the path that `pathFor` gave; ends with a slash. */
  address(path: string): string;
  /** How an address is reached: who asks, and through which proxy, where npm's configuration tells. */
  access(url: string): Access;
  /** All that npm shows of its configuration, and its own version: a digest. */
  readonly configuration: string;
}

export interface Access {
  readonly headers: Readonly<Record<string, string>>;
  readonly proxy: string | undefined;
}

/**
 * Asks npm for its configuration: command line and environment before the user's, the machine's and
 * npm's own npmrc. A project's npmrc is not read: the image is the same in whichever directory it is
 * asked for. What npm does not show, tokens and passwords, is read where npm reads it.
 * `REPOSITORY_INVALID`, `PROGRAM_MISSING`
 */
export async function readRegistries(context: Context): Promise<Registries> {
  const { environment } = context;
  const printed = await listConfiguration(context);
  const read = configurationSchema.safeParse(parseJson(printed));
  if (!read.success) {
    throw new DistroError("REPOSITORY_INVALID", `npm shows a configuration that makes no sense`, {
      cause: read.error,
      advice: "Look at npm config list.",
    });
  }
  const { registry, userconfig, globalconfig, ...rest } = read.data;
  const addresses = new Map([[DEFAULT, checkedAddress(registry)]]);
  for (const [key, value] of Object.entries(rest)) {
    const scope = /^(@[^/:]+):registry$/.exec(key)?.[1];
    if (scope !== undefined && typeof value === "string")
      addresses.set(`${DEFAULT}/${scope}`, checkedAddress(value));
  }
  const secrets = new Map([
    ...(await secretsOf(globalconfig, environment)),
    ...(await secretsOf(userconfig, environment)),
    ...secretsOfEnvironment(environment),
  ]);
  return {
    configuration: createHash("sha256").update(printed).digest("hex"),
    pathFor: (name) => {
      const path = `${DEFAULT}/${name.slice(0, Math.max(name.indexOf("/"), 0))}`;
      return addresses.has(path) ? path : DEFAULT;
    },
    // A machine on which a scope has no registry of its own has it in the one registry.
    address: (path) => addresses.get(path) ?? checkedAddress(registry),
    access: (url) => ({ headers: authorization(url, secrets), proxy: proxyFor(url, read.data) }),
  };
}

const asked = new AtOnce<string>();

/** To start npm is most of the work. */
async function listConfiguration({ environment, repositories, signal }: Context): Promise<string> {
  const args = ["config", "list", "--json", ...registryFlags({ repositories })];
  const ask = async (): Promise<string> => await runNpm(args, { directory: tmpdir(), environment, signal });
  return await asked.once(JSON.stringify([args, environment]), ask, { signal });
}

/** For npm's command line, where an option names another registry than the configuration does. */
export function registryFlags({ repositories }: Pick<Context, "repositories">): readonly string[] {
  const registries = repositories?.filter((repository) => /^https?:\/\/\S+$/.test(repository)) ?? [];
  if (registries.length > 1) {
    throw new DistroError("REPOSITORY_INVALID", `npm has one registry, and ${registries.length} are named`, {
      kind: "usage",
      advice: "Name one; a scope's own registry stands in npmrc.",
    });
  }
  return registries.map((registry) => `--registry=${registry}`);
}

const DEFAULT = "npm";

const configurationSchema = z.looseObject({
  registry: z.string(),
  userconfig: z.string(),
  globalconfig: z.string(),
  // False and null stand for none.
  proxy: z.unknown(),
  "https-proxy": z.unknown(),
  noproxy: z.unknown(),
});

/** As npm's own client takes them; undefined where none is set: then the environment counts. */
function proxyFor(
  address: string,
  { proxy, "https-proxy": secure, noproxy }: z.infer<typeof configurationSchema>,
): string | undefined {
  const { protocol, hostname } = new URL(address);
  const set = [...(protocol === "https:" ? [secure] : []), proxy].find(
    (one) => typeof one === "string" && one !== "",
  );
  if (typeof set !== "string") return undefined;
  const exceptions = (Array.isArray(noproxy) ? noproxy : [noproxy]).flatMap((one) =>
    String(one).split(/[,\s]+/),
  );
  const isExcepted = exceptions.some((one) => {
    const domain = one.replace(/^\*?\./, "");
    return domain !== "" && (hostname === domain || hostname.endsWith(`.${domain}`));
  });
  return isExcepted ? "direct" : set.includes("://") ? set : `http://${set}`;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function checkedAddress(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url?.protocol !== "http:" && url?.protocol !== "https:") {
    throw new DistroError(
      "REPOSITORY_INVALID",
      `npm's configuration has no registry but ${JSON.stringify(text)}`,
      {
        advice: "Set one that begins with https://: npm config set registry ADDRESS.",
      },
    );
  }
  return text.endsWith("/") ? text : `${text}/`;
}

type Secrets = ReadonlyMap<string, string>;

/** The lines of an npmrc that belong to an address: `//host/path/:_authToken = …`. */
async function secretsOf(path: string, environment: Context["environment"]): Promise<Secrets> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (errnoOf(error) === "ENOENT") return new Map();
    throw new DistroError("REPOSITORY_INVALID", `npm's configuration at ${path} cannot be read`, {
      cause: fileFault("read", path, error),
    });
  }
  const lines = text.split("\n").map((line) => /^\s*(\/\/[^=]+?)\s*=\s*(.*?)\s*$/.exec(line));
  return new Map(
    lines.flatMap((match) => (match === null ? [] : [[match[1] ?? "", expand(match[2] ?? "", environment)]])),
  );
}

function secretsOfEnvironment(environment: Context["environment"]): Secrets {
  const prefix = "npm_config_";
  return new Map(
    Object.entries(environment).flatMap(([name, value]) =>
      name.toLowerCase().startsWith(`${prefix}//`) && value !== undefined
        ? [[name.slice(prefix.length), value]]
        : [],
    ),
  );
}

/** As npm does: `${NAME}` is a variable, left as it stands where there is none; `${NAME?}` is then empty. */
function expand(value: string, environment: Context["environment"]): string {
  const unquoted = /^"(.*)"$/.exec(value)?.[1] ?? value;
  return unquoted.replace(/\$\{([^}?]+)(\??)\}/g, (whole, name: string, optional: string) => {
    return environment[name] ?? (optional === "?" ? "" : whole);
  });
}

/** What is set for the longest beginning of an address, a directory at a time. */
function authorization(url: string, secrets: Secrets): Readonly<Record<string, string>> {
  const { host, pathname } = new URL(url);
  const segments = pathname.split("/").slice(1, -1);
  for (let count = segments.length; count >= 0; count--) {
    const prefix = `//${[host, ...segments.slice(0, count)].join("/")}/`;
    const secret = (key: string): string | undefined => secrets.get(`${prefix}:${key}`) || undefined;
    const token = secret("_authToken");
    if (token !== undefined) return { authorization: `Bearer ${token}` };
    const basic = secret("_auth") ?? joined(secret("username"), secret("_password"));
    if (basic !== undefined) return { authorization: `Basic ${basic}` };
  }
  return {};
}

/** npm keeps the password in base64 by itself. */
function joined(username: string | undefined, password: string | undefined): string | undefined {
  if (username === undefined || password === undefined) return undefined;
  return Buffer.from(`${username}:${Buffer.from(password, "base64").toString()}`).toString("base64");
}
