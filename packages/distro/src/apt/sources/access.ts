import type { FetchOptions } from "../../fetch/fetcher.ts";
import { type AptConfiguration, settingOf } from "./configuration.ts";
import { authorizationFor } from "./credentials.ts";
import type { Host } from "./host.ts";

/** How an address of an archive is reached: what is sent along, and through which proxy. */
export type Access = Pick<FetchOptions, "headers" | "proxy">;

/** As auth.conf and apt.conf have it for this address. */
export function accessTo(
  url: string,
  { credentials, configuration }: Pick<Host, "credentials" | "configuration">,
): Access {
  return { headers: authorizationFor(url, credentials), proxy: proxyFor(url, configuration) };
}

/**
 * `Acquire::http::Proxy::HOST`, else `Acquire::http::Proxy`; what is not set for https is as for http
 * (apt-transport-http(1), apt-transport-https(1)). Undefined where nothing is set: then the environment counts.
 */
function proxyFor(address: string, configuration: AptConfiguration): string | undefined {
  if (!URL.canParse(address)) return undefined;
  const { protocol, hostname } = new URL(address);
  for (const method of METHODS[protocol] ?? []) {
    const key = `Acquire::${method}::Proxy`;
    const found = settingOf(configuration, `${key}::${hostname}`) || settingOf(configuration, key);
    if (found === undefined || found === "") continue;
    if (found === "DIRECT" || found === "false") return "direct";
    return found.includes("://") ? found : `http://${found}`;
  }
  return undefined;
}

const METHODS: Readonly<Record<string, readonly string[]>> = {
  "http:": ["http"],
  "https:": ["https", "http"],
};
