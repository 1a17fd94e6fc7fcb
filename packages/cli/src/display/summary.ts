import { formatPlatform } from "@cooper/oci";
import type { Descriptor, ImageSummary, IndexSummary, RunConfig, Summary } from "@cooper/oci";
import { instruction } from "./instruction.ts";
import { printable } from "./printable.ts";
import { clip } from "./progress.ts";
import { table } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import { shortDigest } from "./transfer.ts";
import { formatBytes } from "./units.ts";

export type Fact = readonly [name: string, value: string | undefined];

/** What the summary itself does not tell. */
export interface Besides {
  readonly referrers: readonly Descriptor[];
  readonly further: readonly Fact[];
}

/** A summary for people: sections under headings, tables in them. */
export function describeSummary(
  terminal: Terminal,
  title: string,
  summary: Summary,
  { referrers, further }: Besides,
): string {
  const sections = [
    `${terminal.style("bold", printable(title))}\n${facts([...factsOf(summary), ...further])}`,
    ...(summary.kind === "index" ? indexSections(summary) : imageSections(terminal, summary)),
    section("Annotations", pairs(summary.annotations)),
    section("Referrers", descriptorTable(referrers)),
  ];
  return sections.filter((text) => text !== "").join("\n\n");
}

function factsOf(summary: Summary): readonly Fact[] {
  const common: readonly Fact[] = [
    ["Digest", summary.digest],
    ["Media type", summary.mediaType],
    ["Artifact type", summary.artifactType],
  ];
  const subject: Fact = ["Subject", summary.subject?.digest];
  if (summary.kind === "index") return [...common, subject];
  const { platform, created, author, layers, totalSize } = summary;
  return [
    ...common,
    ["Platform", platform === undefined ? undefined : formatPlatform(platform)],
    ["Created", created],
    ["Author", author],
    ["Size", `${formatBytes(totalSize)} in ${layers.length} ${layers.length === 1 ? "layer" : "layers"}`],
    subject,
  ];
}

function facts(list: readonly Fact[]): string {
  const known = list.flatMap(([name, value]) =>
    value === undefined || value === "" ? [] : [[name, printable(value)]],
  );
  return table(known, { indent: "  " });
}

function section(title: string, body: string): string {
  return body === "" ? "" : `${title}\n${body}`;
}

function pairs(record: Readonly<Record<string, string>> | undefined): string {
  const rows = Object.entries(record ?? {}).map(([name, value]) => [printable(name), printable(value)]);
  return table(rows, { indent: "  " });
}

function indexSections({ manifests }: IndexSummary): readonly string[] {
  return [section("Manifests", descriptorTable(manifests))];
}

/** Descriptors, one a line: what it is for, what it is, how large, its digest. */
export function descriptorTable(descriptors: readonly Descriptor[]): string {
  const rows = descriptors.map((descriptor) => [
    printable(purposeOf(descriptor)),
    printable(descriptor.artifactType ?? descriptor.mediaType),
    formatBytes(descriptor.size),
    descriptor.digest,
  ]);
  return table(rows, { indent: "  ", right: [2] });
}

function purposeOf({ platform, annotations }: Descriptor): string {
  const attests = annotations?.["vnd.docker.reference.digest"];
  if (attests !== undefined) return `attests ${shortDigest(attests)}`;
  const name = annotations?.["org.opencontainers.image.ref.name"];
  return [
    platform === undefined ? "-" : formatPlatform(platform),
    ...(name === undefined ? [] : [name]),
  ].join(" ");
}

function imageSections(terminal: Terminal, { layers, config, run }: ImageSummary): readonly string[] {
  const width = terminal.interactive ? terminal.columns : 200;
  const rows = layers.map((layer, i) => [
    String(i),
    shortDigest(layer.digest),
    formatBytes(layer.size),
    layer.mediaType.replace("application/vnd.", ""),
    layer.createdBy === undefined ? "" : printable(instruction(layer.createdBy)),
  ]);
  const lines = table(rows, { indent: "  ", right: [0, 2] }).split("\n");
  return [
    section("Layers", rows.length === 0 ? "" : lines.map((line) => clip(line, width)).join("\n")),
    section("Config", facts([["Blob", config.digest], ["Media type", config.mediaType], ...runFacts(run)])),
    section("Labels", pairs(run?.Labels)),
  ];
}

function runFacts(run: RunConfig | undefined): readonly Fact[] {
  if (run === undefined) return [];
  const [first, ...others] = run.Env ?? [];
  return [
    ["Entrypoint", words(run.Entrypoint)],
    ["Cmd", words(run.Cmd)],
    ["User", run.User],
    ["Working directory", run.WorkingDir],
    ["Ports", keys(run.ExposedPorts)],
    ["Volumes", keys(run.Volumes)],
    ["Stop signal", run.StopSignal],
    ["Environment", first],
    ...others.map((variable): Fact => ["", variable]),
  ];
}

function words(list: readonly string[] | undefined): string | undefined {
  return list === undefined ? undefined : JSON.stringify(list);
}

function keys(set: Readonly<Record<string, object>> | undefined): string | undefined {
  return set === undefined ? undefined : Object.keys(set).join(" ");
}
