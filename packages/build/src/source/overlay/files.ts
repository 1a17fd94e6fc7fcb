/** What a project may say about its own plan. */
export const OVERLAY_FILES = ["cooper.toml", "cooper.json"] as const;

/** Cooper's own, beside an application and no part of it. */
export const OWN_FILES = [...OVERLAY_FILES, "cooper.lock"] as const;
