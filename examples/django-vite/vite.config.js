import { defineConfig } from "vite";

// django-vite reads the manifest and writes the names, which have a hash in them, into pages.
export default defineConfig({
  base: "/static/",
  build: { manifest: "manifest.json", outDir: "assets", rollupOptions: { input: "frontend/main.js" } },
});
