import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type Plugin } from "vite";
import { defineConfig } from "vitest/config";

const outDir = "../gateway/ui/dist";

// The Go handler serves the .gz beside a file, so that no request pays for
// compression and the level can be the highest.
function gzip(): Plugin {
  return {
    name: "gzip",
    apply: "build",
    writeBundle(options) {
      const dir = options.dir ?? outDir;
      for (const entry of readdirSync(dir, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile() || !/\.(html|js|css|svg)$/.test(entry.name)) continue;
        const path = join(entry.parentPath, entry.name);
        writeFileSync(path + ".gz", gzipSync(readFileSync(path), { level: 9 }));
      }
    },
  };
}

// emptyOutDir would take the committed .gitkeep with it; it is put back.
function keepFolder(): Plugin {
  return {
    name: "keep-folder",
    apply: "build",
    generateBundle() {
      this.emitFile({ type: "asset", fileName: ".gitkeep", source: "" });
    },
  };
}

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  plugins: [keepFolder(), gzip()],
  build: {
    outDir,
    emptyOutDir: true,
    target: "es2022",
    // data: URIs would need a hole in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  test: { include: ["test/**/*.test.ts"] },
});
