/** @file gpu.js in a browser: every program by hand on every backend a page has, against the float64
 *  reference. Skipped by name where there is no Chromium. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { referenceDevice } from "../../runtime/devices/reference.ts";
import type { DeviceName } from "../../runtime/devices/table.ts";
import { cases } from "../harness/programs.ts";
import { relativeError, relativeL2, runCase } from "../harness/run-case.ts";
import { type Browser, chromiumPath, openBrowser } from "./browser.ts";

const TOLERANCE = 1e-5;
const BACKENDS = ["webgl2", "webgl", "webgpu", "webasm"] as const satisfies readonly DeviceName[];
const executable = chromiumPath();

if (executable === null) {
  describe.each(BACKENDS)("%s in a browser", () => {
    test.skip("no Chromium: install Debian's chromium or set CHROMIUM", () => undefined);
  });
} else {
  let browser: Browser;
  beforeAll(async () => {
    browser = await openBrowser(executable);
  });
  afterAll(() => browser?.close());

  describe.each(BACKENDS)("%s in a browser", (backend) => {
    test("runs here", async () => {
      expect(await browser.whyNot(backend)).toBeNull();
    });

    test.each(cases().map((c) => [c.name, c] as const))("%s", async (_, c) => {
      const want = await runCase(referenceDevice, c);
      const got = await browser.run(backend, c);
      expect(got.report.backend).toBe(backend);
      const error = c.name.startsWith("function") ? relativeError : relativeL2;
      for (const [name, values] of Object.entries(want.outputs))
        expect(error(got.outputs[name]!, values), name).toBeLessThanOrEqual(TOLERANCE);
    });
  });
}
