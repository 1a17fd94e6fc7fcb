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
  /** What visitors see, relative to the source. */
  readonly documentRoot: string;
}

/** `SOURCE_INVALID` where a file is not what its name says. */
export function readPhpProject(source: Source): PhpProject {
  const required = keysOf(source.json("composer.json"), "require");
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
    documentRoot: documentRoot(source),
  };
}

function keysOf(value: unknown, key: string): readonly string[] {
  const table = isTable(value) ? value[key] : undefined;
  return isTable(table) ? Object.keys(table) : [];
}

/** Where frameworks have their front controller: Laravel, Symfony and Slim; CakePHP; Yii; older Zend. */
const ROOTS = ["public", "webroot", "web", "htdocs", "www"] as const;

function documentRoot(source: Source): string {
  return ROOTS.find((root) => source.has(`${root}/index.php`)) ?? ".";
}
