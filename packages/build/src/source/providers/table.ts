import type { Provider } from "./provider.ts";
import { bun } from "./bun/bun.ts";
import { c } from "./c/c.ts";
import { deno } from "./deno/deno.ts";
import { dotnet } from "./dotnet/dotnet.ts";
import { elixir } from "./elixir/elixir.ts";
import { go } from "./go/go.ts";
import { java } from "./java/java.ts";
import { node } from "./node/node.ts";
import { php } from "./php/php.ts";
import { procfile } from "./procfile/procfile.ts";
import { python } from "./python/python.ts";
import { ruby } from "./ruby/ruby.ts";
import { rust } from "./rust/rust.ts";
import { shell } from "./shell/shell.ts";
import { staticSite } from "./static/static.ts";

/** In the order in which they are asked; what all languages come before is in FALLBACKS. */
export const LANGUAGES: readonly Provider[] = [
  go,
  java,
  elixir,
  dotnet,
  rust,
  php,
  ruby,
  python,
  deno,
  bun,
  node,
  c,
];

/** For what no language takes: something that is started, then something that is only served. */
export const FALLBACKS: readonly Provider[] = [procfile, shell, staticSite];

export const PROVIDERS: readonly Provider[] = [...LANGUAGES, ...FALLBACKS];
