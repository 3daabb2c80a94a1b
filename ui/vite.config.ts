// How the page is built: files with hashes in their names, below /ui/, and nothing inline. Does not know what is on it.

import { defineConfig } from "vite";

export default defineConfig({
  base: "/ui/",
  build: {
    outDir: "../src/sightline/web/static",
    emptyOutDir: true,
    assetsInlineLimit: 0, // what is inline the page's own rules forbid
    modulePreload: { polyfill: false },
    target: "es2022",
  },
  server: { proxy: { "/v1": "http://127.0.0.1:8000" } }, // npm run dev, beside `sightline serve`
});
