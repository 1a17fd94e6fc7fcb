import { formatPlatform } from "@cooper/oci";
import type { TreeNode } from "@cooper/oci";
import { printable } from "./printable.ts";
import type { Terminal } from "./terminal.ts";
import { shortDigest } from "./transfer.ts";
import { formatBytes } from "./units.ts";

/** A tree of manifests and blobs, drawn with lines; what refers to a manifest is under it too. */
export function drawTree(terminal: Terminal, root: TreeNode): string {
  return [label(terminal, root, ""), ...branches(terminal, root, "")].join("\n");
}

function branches(terminal: Terminal, node: TreeNode, indent: string): readonly string[] {
  const below = [
    ...node.children.map((child) => ({ child, relation: "" })),
    ...node.referrers.map((child) => ({ child, relation: "refers to it: " })),
  ];
  return below.flatMap(({ child, relation }, i) => {
    const isLast = i === below.length - 1;
    const line = `${indent}${isLast ? "└── " : "├── "}${label(terminal, child, relation)}`;
    return [line, ...branches(terminal, child, `${indent}${isLast ? "    " : "│   "}`)];
  });
}

function label(terminal: Terminal, { role, descriptor, repeated }: TreeNode, relation: string): string {
  const { platform, artifactType, mediaType, size, digest, annotations } = descriptor;
  const attests = annotations?.["vnd.docker.reference.digest"];
  const what = [
    terminal.style("bold", role),
    platform === undefined || attests !== undefined ? "" : formatPlatform(platform),
    attests === undefined ? "" : `attests ${shortDigest(attests)}`,
    role === "index" || role === "image" ? "" : (artifactType ?? mediaType),
    formatBytes(size),
    terminal.style("dim", digest),
    repeated === true ? "(shown above)" : "",
  ];
  return `${relation}${what
    .filter((part) => part !== "")
    .map((part) => keepStyle(part))
    .join("  ")}`;
}

/** Made safe for the terminal, but for the styles that are ours. */
function keepStyle(part: string): string {
  return part.includes("\u001b[") ? part : printable(part);
}
