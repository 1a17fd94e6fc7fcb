import type { Origin } from "../project/origin.ts";
import type { Plan } from "../plan/plan.ts";

/** What an image says of the plan that it comes from: processes that it can start, and the release command. */
export function labelsOf({ deploy, providers }: Plan): Readonly<Record<string, string>> {
  const processes = Object.entries(deploy.processes ?? {}).map(([name, command]) => [
    `dev.cooper.process.${name}`,
    JSON.stringify(command),
  ]);
  return {
    ...deploy.labels,
    "dev.cooper.providers": providers.join(","),
    ...Object.fromEntries(processes),
    ...(deploy.release === undefined ? {} : { "dev.cooper.release": JSON.stringify(deploy.release) }),
  };
}

/** Of OCI's annotations, those that are known (image-spec, annotations.md); also as labels, which more tools read. */
export function annotationsOf(
  { address, revision, version }: Origin,
  created: string,
): Readonly<Record<string, string>> {
  const known = { created, source: address, revision, version };
  return Object.fromEntries(
    Object.entries(known).flatMap(([name, value]) =>
      value === undefined ? [] : [[`org.opencontainers.image.${name}`, value]],
    ),
  );
}
