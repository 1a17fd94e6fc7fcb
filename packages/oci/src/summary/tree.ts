import type { Cancellable } from "@cooper/archive";
import type { Descriptor } from "../descriptor.ts";
import type { Digest } from "../digest.ts";
import { isArtifact } from "../manifest.ts";
import { isIndexType, isManifestType } from "../media-types.ts";
import type { Content } from "../model.ts";

/** What a blob or manifest is to what names it. */
export type TreeRole = "index" | "image" | "artifact" | "config" | "layer" | "other";

/** One manifest or blob, and what it names. */
export interface TreeNode {
  readonly role: TreeRole;
  readonly descriptor: Descriptor;
  /** What it names: manifests of an index; config and layers of an image. */
  readonly children: readonly TreeNode[];
  /** What names it as its subject. */
  readonly referrers: readonly TreeNode[];
  /** True where it stands elsewhere in the tree with what it names. */
  readonly repeated?: boolean | undefined;
}

export interface TreeOptions extends Cancellable {
  /** The manifests whose subject is a digest, and how to open them; default: there are none. */
  readonly referrersOf?: ((digest: Digest) => Promise<readonly Descriptor[]>) | undefined;
  readonly open?: ((descriptor: Descriptor) => Content) | undefined;
}

/** Everything that a reference leads to. Reads manifests, no configs and no layers. */
export async function contentTree(content: Content, options: TreeOptions = {}): Promise<TreeNode> {
  return await grow(content, await content.descriptor(options), { options, seen: new Set() });
}

interface Growth {
  readonly options: TreeOptions;
  readonly seen: Set<Digest>;
}

async function grow(content: Content, descriptor: Descriptor, growth: Growth): Promise<TreeNode> {
  const { options, seen } = growth;
  if (seen.has(descriptor.digest)) {
    const role = content.kind === "index" ? "index" : "image";
    return { role, descriptor, children: [], referrers: [], repeated: true };
  }
  seen.add(descriptor.digest);
  const children: TreeNode[] = [];
  let role: TreeRole = "index";
  if (content.kind === "index") {
    for (const child of (await content.manifest(options)).manifests) {
      children.push(
        isIndexType(child.mediaType) || isManifestType(child.mediaType)
          ? await grow(await content.child(child, options), child, growth)
          : leaf("other", child),
      );
    }
  } else {
    const manifest = await content.manifest(options);
    role = isArtifact(manifest) ? "artifact" : "image";
    children.push(leaf("config", manifest.config), ...manifest.layers.map((layer) => leaf("layer", layer)));
  }
  return { role, descriptor, children, referrers: await referrersOf(descriptor, growth) };
}

async function referrersOf({ digest }: Descriptor, growth: Growth): Promise<readonly TreeNode[]> {
  const { referrersOf: find, open } = growth.options;
  if (find === undefined || open === undefined) return [];
  const nodes: TreeNode[] = [];
  for (const descriptor of await find(digest)) nodes.push(await grow(open(descriptor), descriptor, growth));
  return nodes;
}

function leaf(role: TreeRole, descriptor: Descriptor): TreeNode {
  return { role, descriptor, children: [], referrers: [] };
}
