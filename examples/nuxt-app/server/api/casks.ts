export default defineEventHandler(() => ["firkin", "kilderkin", "barrel"]);
