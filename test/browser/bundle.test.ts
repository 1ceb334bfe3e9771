/** @file What a page downloads to run a model. */
import { expect, test } from "vitest";
import { bundle } from "./bundle.ts";

test("devices bundle for a browser without compiler, and gpu.js only on demand", async () => {
  const { sources, first } = await bundle("runtime/devices/table.ts");
  expect(sources.filter((s) => /^(?:compiler|grammar|cli|test)\//.test(s))).toEqual([]);
  expect(sources).toContain("node_modules/gpu.js/dist/gpu-browser.js");
  expect(first.filter((s) => s.includes("node_modules"))).toEqual([]);
  expect(first).toContain("runtime/devices/table.ts");
});
