import { posix } from "node:path";
import { isTable, type Source } from "../../project/source.ts";

/** An application of PHP, as Composer's files describe it. */
export interface PhpProject {
  readonly composer: "locked" | "unlocked" | "none";
  /** Whether Composer has anything to fetch. */
  readonly packages: "some" | "none";
  /** Names of packages that it asks for itself. */
  readonly requires: ReadonlySet<string>;
  /** Extensions that it or a package that is locked asks for, without `ext-`. */
  readonly extensions: readonly string[];
  /** Files of the source besides Composer's own that packages are installed from, as patterns. */
  readonly local: readonly string[];
  /** What visitors see, relative to the source. */
  readonly documentRoot: string;
}

/** `SOURCE_INVALID` where a file is not what its name says. */
export function readPhpProject(source: Source): PhpProject {
  const composer = source.json("composer.json");
  const required = keysOf(composer, "require");
  const locked = source.json("composer.lock");
  const packages: readonly unknown[] =
    isTable(locked) && Array.isArray(locked["packages"]) ? locked["packages"] : [];
  const all = [
    ...required,
    ...packages.flatMap((each) => keysOf(each, "require")),
    ...keysOf(locked, "platform"),
  ];
  const extensions = all.filter((name) => name.startsWith("ext-")).map((name) => name.slice("ext-".length));
  return {
    composer: !source.has("composer.json") ? "none" : source.has("composer.lock") ? "locked" : "unlocked",
    packages: packages.length > 0 || required.some((name) => name.includes("/")) ? "some" : "none",
    requires: new Set(required),
    extensions: [...new Set(extensions)],
    local: [
      ...localRepositories(composer),
      ...(source.has("vendor/composer/installed.json") ? ["vendor"] : []),
    ],
    documentRoot: documentRoot(source),
  };
}

function keysOf(value: unknown, key: string): readonly string[] {
  const table = isTable(value) ? value[key] : undefined;
  return isTable(table) ? Object.keys(table) : [];
}

/** Directories of packages and of their archives: repositories of the types `path` and `artifact`. */
function localRepositories(composer: unknown): readonly string[] {
  const written = isTable(composer) ? composer["repositories"] : undefined;
  const all: readonly unknown[] = Array.isArray(written)
    ? written
    : isTable(written)
      ? Object.values(written)
      : [];
  return all.flatMap((each) => {
    if (!isTable(each) || (each["type"] !== "path" && each["type"] !== "artifact")) return [];
    const { url } = each;
    return typeof url === "string" ? posix.normalize(url).replace(/\/$/, "") : [];
  });
}

/** Where frameworks have their front controller: Laravel, Symfony and Slim; CakePHP; Yii; older Zend. */
const ROOTS = ["public", "webroot", "web", "htdocs", "www"] as const;

function documentRoot(source: Source): string {
  return ROOTS.find((root) => source.has(`${root}/index.php`)) ?? ".";
}
