import { configuredHeaders, credentialsFor } from "../credentials/lookup.ts";
import { Connections } from "./http/connections.ts";
import { RegistryHost } from "./http/host.ts";
import type { RegistryOptions } from "./options.ts";
import { RegistrySession } from "./session.ts";

/**
 * What repositories of registries share: connections, and for each host what is known of it and how
 * much may run at a time. Open one for a whole run, and close it at the end.
 */
export class RegistryClient {
  readonly options: RegistryOptions;
  readonly #connections: Connections;
  readonly #hosts = new Map<string, RegistryHost>();

  constructor(options: RegistryOptions = {}) {
    this.options = options;
    this.#connections = new Connections(options);
  }

  /** A registry, as its name stands in references (`docker.io`, `localhost:5000`). */
  host(name: string): RegistryHost {
    const known = this.#hosts.get(name);
    if (known !== undefined) return known;
    const host = new RegistryHost(name, this.options, this.#connections);
    this.#hosts.set(name, host);
    return host;
  }

  /** Speaks for one repository, or for the registry as a whole. Nothing is sent or read yet. */
  session(hostName: string, repository?: string): RegistrySession {
    const { options } = this;
    const environment = options.environment ?? process.env;
    const name = repository === undefined ? hostName : `${hostName}/${repository}`;
    return new RegistrySession(this.host(hostName), name, options, async () => {
      const headers = configuredHeaders(environment);
      if (options.credential !== undefined) return { credential: options.credential, headers };
      const { authFile } = options;
      return { ...(await credentialsFor(hostName, repository, { environment, authFile })), headers };
    });
  }

  /** Breaks off what is still running and closes the connections. */
  async close(): Promise<void> {
    await this.#connections.close();
  }
}
