export const casks: readonly string[] = ["firkin", "kilderkin", "barrel"];
