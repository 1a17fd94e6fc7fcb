/** Under which the tree of packages stands in the image, and where a container starts. */
export const ROOT = "app";
/** Where it stands as `npm install --global` has it, on a Node in /usr/local/bin. */
export const GLOBAL_ROOT = "usr/local/lib";
