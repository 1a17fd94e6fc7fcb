/** Under which the tree of packages stands in the image, and where a container starts. */
export const ROOT = "app";
