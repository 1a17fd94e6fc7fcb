import type { Source } from "../../project/source.ts";
import type { Gems } from "./gems.ts";

/** Files that applications are commonly started by, in the order in which they are looked for. */
export const ENTRIES = ["main.rb", "app.rb", "server.rb", "start.rb", "bot.rb"] as const;

/** Puts the values of variables into a command's words and becomes that command, with no shell. */
const EXPAND = [
  "ruby",
  "--disable-gems",
  "-e",
  "exec(*ARGV.map { |word| word.gsub(/\\$(\\w+)/) { ENV.fetch($1, '') } })",
];

/** Rails; else what config.ru describes; else a script, to which Sinatra gives its port; else rake's default task. */
export function findStart(source: Source, gems: Gems): readonly string[] | undefined {
  const bundled = gems.bundler === "none" ? [] : ["bundle", "exec"];
  if (isRails(source, gems)) {
    // It takes PORT by itself; its pid is of no use to anybody, and the application's directory is read-only.
    return [...bundled, "rails", "server", "--binding", "0.0.0.0", "--pid", "/dev/shm/rails.pid"];
  }
  if (source.has("config.ru")) {
    const hasPuma = gems.names.has("puma");
    const server = hasPuma
      ? ["puma", "--bind", "tcp://0.0.0.0:$PORT", "config.ru"]
      : ["rackup", "--host", "0.0.0.0", "--port", "$PORT", "config.ru"];
    return [...EXPAND, ...bundled, ...server];
  }
  const entry = ENTRIES.find((path) => source.has(path));
  if (entry !== undefined) {
    const isSinatra = /^\s*require\s+["']sinatra["']/m.test(source.text(entry) ?? "");
    if (!isSinatra) return [...bundled, "ruby", entry];
    return [...EXPAND, ...bundled, "ruby", entry, "-e", "production", "-o", "0.0.0.0", "-p", "$PORT"];
  }
  return source.has("Rakefile") ? [...bundled, "rake"] : undefined;
}

export function isRails(source: Source, { names }: Gems): boolean {
  return source.has("config/application.rb") && (names.has("rails") || names.has("railties"));
}
