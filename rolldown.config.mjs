/** @file The runtime as `cellc/runtime` gives it. In: its entry. Out: dist/bundle: one file with all that runs on a
 *  processor, since a process that starts pays for every file it opens; what else there is, when it is asked for. */
import { defineConfig } from "rolldown";

export default defineConfig({
  input: "runtime/index.ts",
  external: [/^node:/, "gpu.js"],
  // What the entry shares with a file that is loaded later stays in the entry.
  preserveEntrySignatures: "allow-extension",
  output: { dir: "dist/bundle", format: "es", minify: true, cleanDir: true },
});
