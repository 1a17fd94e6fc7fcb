import { RegistryError } from "../errors.ts";

/** Where a server listens. */
export interface Address {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

const MAX_PORT = 65_535;

/** Reads `HOST:PORT`, `[IPV6]:PORT` or `:PORT`, which is every address of this machine. `CONFIG_INVALID` */
export function parseAddress(text: string): Address {
  const [, bracketed, plain, digits] = /^(?:\[([0-9A-Fa-f:.]+)\]|([^:[\]\s]*)):(\d{1,5})$/.exec(text) ?? [];
  const port = Number(digits);
  if (digits === undefined || port > MAX_PORT) {
    throw new RegistryError("CONFIG_INVALID", `${JSON.stringify(text)} is not an address to listen on`, {
      kind: "usage",
      advice: "Write HOST:PORT, such as 127.0.0.1:5000, [::1]:5000, or :5000 for every address.",
    });
  }
  return { host: bracketed ?? (plain || "::"), port };
}
