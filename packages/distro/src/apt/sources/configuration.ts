/**
 * apt's configuration: `Acquire::Check-Date "false";` and `Acquire { http { Proxy "…"; }; };`.
 * apt.conf(5). Keys are in lower case; a list has the values of all its items.
 */
export type AptConfiguration = ReadonlyMap<string, readonly string[]>;

/** Reads several files one after the other: later ones add to and replace what earlier ones say. */
export function parseAptConfiguration(texts: readonly string[]): AptConfiguration {
  const settings = new Map<string, readonly string[]>();
  for (const text of texts) readInto(text, settings);
  return settings;
}

/** The last value of a key. */
export function settingOf(configuration: AptConfiguration, key: string): string | undefined {
  return configuration.get(key.toLowerCase())?.at(-1);
}

const TOKENS = /"(?<quoted>[^"]*)"|(?<mark>[{};])|(?<word>[^\s"{};]+)/gu;

function readInto(text: string, settings: Map<string, readonly string[]>): void {
  const scopes: string[] = [];
  let words: { readonly text: string; readonly isQuoted: boolean }[] = [];
  const nameOf = (name: string): string => [...scopes, name].filter((part) => part !== "").join("::");
  for (const { groups } of withoutComments(text).matchAll(TOKENS)) {
    const { quoted, mark, word } = groups ?? {};
    if (mark === undefined) {
      words.push({ text: quoted ?? word ?? "", isQuoted: quoted !== undefined });
      continue;
    }
    const [first, second] = words;
    words = [];
    if (mark === "{") {
      scopes.push((first?.text ?? "").toLowerCase());
    } else if (mark === "}") {
      scopes.pop();
    } else if (first?.isQuoted === true) {
      add(settings, nameOf(""), first.text); // an item of the list whose braces these are
    } else if (first !== undefined) {
      const isItem = first.text.endsWith("::");
      const key = nameOf(first.text.replace(/::$/, "").toLowerCase());
      if (isItem) add(settings, key, second?.text ?? "");
      else settings.set(key, [second?.text ?? ""]);
    }
  }
}

function add(settings: Map<string, readonly string[]>, key: string, value: string): void {
  settings.set(key, [...(settings.get(key) ?? []), value]);
}

/** `//` and `#` to the end of the line, and what stands between `/*` and its end; not inside of quotes. */
function withoutComments(text: string): string {
  return text.replaceAll(/"[^"\n]*"|\/\*[\s\S]*?\*\/|(?:\/\/|#).*/gu, (part) =>
    part.startsWith('"') ? part : " ",
  );
}
