/**
 * Attributes that belong to the host a tree lies on and not to the tree: overlayfs's own notes, which
 * an archive could use to point into other layers, and labels of the host's policy and file server.
 */
export function isOfHost(name: string): boolean {
  return (
    name.startsWith("trusted.overlay.") ||
    name.startsWith("user.overlay.") ||
    name === "security.selinux" ||
    name === "system.nfs4_acl"
  );
}
