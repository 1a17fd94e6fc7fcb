import { posix } from "node:path";
import type { Source } from "../../project/source.ts";
import type { Project } from "./project.ts";
import { serveAsgi, serveDjango, type Served, serveWsgi } from "./server.ts";

/** A Django project, as manage.py and its settings describe it. */
export interface Django {
  /** Where manage.py is: `.`, or a directory below. */
  readonly directory: string;
  readonly wsgi: Served | undefined;
  readonly asgi: Served | undefined;
  /** `collected`: the settings name a directory into which static files are gathered. */
  readonly statics: "collected" | "not collected";
}

export function readDjango(source: Source): Django | undefined {
  const manage = source.has("manage.py") ? "manage.py" : source.matching("*/manage.py")[0];
  if (manage === undefined) return undefined;
  const directory = posix.dirname(manage);
  const module = /DJANGO_SETTINGS_MODULE["']\s*,\s*["']([\w.]+)["']/.exec(source.text(manage) ?? "")?.[1];
  const settings = module === undefined ? "" : settingsText(source, directory, module);
  const interfaceOf = (kind: "wsgi" | "asgi"): Served | undefined => {
    const setting = new RegExp(
      `^\\s*${kind.toUpperCase()}_APPLICATION\\s*=\\s*["']([\\w.]+)\\.(\\w+)["']`,
      "m",
    );
    const [, named, object] = setting.exec(settings) ?? [];
    if (named !== undefined && object !== undefined) return { module: named, object, how: "object" };
    const beside = module?.split(".")[0] ?? "*";
    const [path] = source.matching(posix.join(directory, beside, `${kind}.py`));
    if (path === undefined) return undefined;
    return { module: `${posix.basename(posix.dirname(path))}.${kind}`, object: "application", how: "object" };
  };
  return {
    directory,
    wsgi: interfaceOf("wsgi"),
    asgi: interfaceOf("asgi"),
    statics: /^\s*STATIC_ROOT\s*(:[^=]+)?=/m.test(settings) ? "collected" : "not collected",
  };
}

/** Of both interfaces the asynchronous one where the project came for it, with Channels or Daphne. */
export function djangoStart(source: Source, project: Project): readonly string[] | undefined {
  const django = readDjango(source);
  if (django === undefined) return undefined;
  const asgi = django.asgi && serveAsgi(django.asgi, project);
  const wsgi = django.wsgi && serveWsgi(django.wsgi, project);
  const isAsynchronous = project.names.has("channels") || project.names.has("daphne");
  return (isAsynchronous ? (asgi ?? wsgi) : (wsgi ?? asgi)) ?? serveDjango();
}

/** A settings module, with its siblings where it is one of a package: they take each other in. */
function settingsText(source: Source, directory: string, module: string): string {
  const path = posix.join(directory, ...module.split("."));
  const parent = posix.dirname(path);
  const isOfPackage = posix.basename(parent) === "settings";
  const files = [
    `${path}.py`,
    ...source.matching(`${path}/*.py`),
    ...(isOfPackage ? source.matching(`${parent}/*.py`) : []),
  ];
  return files.map((file) => source.text(file) ?? "").join("\n");
}
