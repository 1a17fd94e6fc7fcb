/** Who may read an archive: an entry of auth.conf. apt_auth.conf(5) */
export interface Credentials {
  /** Host, perhaps with a port and the start of a path, perhaps with `http://` before it. */
  readonly machine: string;
  readonly login: string;
  readonly password: string;
}

/** `machine HOST[/PATH] login NAME password WORD`, over as many lines as you like. */
export function parseCredentials(text: string): readonly Credentials[] {
  const words = text
    .split("\n")
    .flatMap((line) => (line.trim().startsWith("#") ? [] : line.split(/\s+/)))
    .filter((word) => word !== "");
  const found: { machine: string; login: string; password: string }[] = [];
  for (let at = 0; at < words.length; at += 2) {
    const [key, value = ""] = words.slice(at, at + 2);
    if (key === "machine") found.push({ machine: value, login: "", password: "" });
    const last = found.at(-1);
    if (last !== undefined && key === "login") last.login = value;
    if (last !== undefined && key === "password") last.password = value;
  }
  return found;
}

/** The header for an address, from the first entry that fits. What says no protocol is for https alone. */
export function authorizationFor(
  address: string,
  credentials: readonly Credentials[],
): Readonly<Record<string, string>> {
  if (!URL.canParse(address)) return {};
  const url = new URL(address);
  const found = credentials.find(({ machine }) => {
    const [, protocol = "https:", place = ""] = /^([a-z+]+:)?(?:\/\/)?(.*)$/.exec(machine) ?? [];
    if (protocol !== url.protocol) return false;
    const here = `${url.host}${url.pathname}`;
    const isHost = !place.includes("/");
    return isHost ? [url.host, url.hostname].includes(place) : here.startsWith(place);
  });
  if (found === undefined) return {};
  const word = Buffer.from(`${found.login}:${found.password}`).toString("base64");
  return { authorization: `Basic ${word}` };
}
