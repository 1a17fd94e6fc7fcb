import { CliError } from "./errors.ts";

/** Seconds since 1970 that $SOURCE_DATE_EPOCH asks for, or 0 (reproducible-builds.org). `ARGUMENT_INVALID` */
export function epochOfEnvironment(environment: Readonly<Record<string, string | undefined>>): number {
  const value = environment["SOURCE_DATE_EPOCH"] ?? "";
  if (value === "") return 0;
  if (/^\d{1,11}$/.test(value)) return Number(value);
  throw new CliError(
    "ARGUMENT_INVALID",
    `SOURCE_DATE_EPOCH is ${JSON.stringify(value)}`,
    "It must be a number of seconds since 1970, or not set.",
  );
}
