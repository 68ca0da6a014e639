import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type Plugin } from "vite";
import { defineConfig } from "vitest/config";
import { pictures } from "./dev/pictures.js";

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

// The sample posts of the local city name these by their path.
function drawPictures(): Plugin {
  return {
    name: "draw-pictures",
    apply: "build",
    generateBundle() {
      for (const [fileName, source] of pictures()) this.emitFile({ type: "asset", fileName, source });
    },
  };
}

// A-Frame writes its stylesheet into the page, which the content security
// policy forbids; what of it is needed is in src/space/style/scene.css.
function noInlineStyle(): Plugin {
  const insertion = "return e.setAttributes(t,e.attributes),e.insert(t,e.options),t";
  return {
    name: "no-inline-style",
    apply: "build",
    transform(code, id) {
      if (!id.includes("/aframe/dist/")) return null;
      if (!code.includes(insertion)) this.error("A-Frame no longer inserts its style as it did: look again");
      return { code: code.replace(insertion, "return t"), map: null };
    },
  };
}

export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  plugins: [keepFolder(), drawPictures(), noInlineStyle(), gzip()],
  build: {
    outDir,
    emptyOutDir: true,
    rollupOptions: { input: ["index.html", "space.html"] },
    // A-Frame with three.js is the one big file, and is asked for only by who
    // wants to see a space in three dimensions.
    chunkSizeWarningLimit: 1500,
    target: "es2022",
    // data: URIs would need a hole in the content security policy.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // No test waits for real time: the limit is for one that hangs, and far above
  // what a loaded machine needs.
  test: { include: ["test/**/*.test.ts"], testTimeout: 60_000, hookTimeout: 60_000 },
});
