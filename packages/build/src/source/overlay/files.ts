/** What a project may say about its own plan; no part of the application. */
export const OVERLAY_FILES = ["cooper.toml", "cooper.json"] as const;
