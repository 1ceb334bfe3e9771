/** @file The library in a browser: values, final states and all gradients against the float64 reference,
 *  relative L2 at most 1e-5. Every cell and model on webgl2 and webgpu by its masked gradient program,
 *  which computes the values too. Three that differ most in what they need (a scalar state with a
 *  computed start, many products, both directions) by all four programs, on webgl and webasm besides:
 *  webgl's kernels read as webgl2's, and webasm is swept in Node. Graphics played by a processor take
 *  a second for a few dozen kernels: everything on everything would take minutes. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { referenceDevice } from "../../runtime/devices/reference.ts";
import type { DeviceName } from "../../runtime/devices/table.ts";
import { FOLDERS, smallDims, specFiles } from "../harness/library.ts";
import { runCase } from "../harness/run-case.ts";
import { specCache } from "../harness/spec.ts";
import { type Browser, chromiumPath, openBrowser } from "./browser.ts";
import { errorsOf, PROGRAMS, specCase } from "./specs.ts";

const TOLERANCE = 1e-5;
const SWEPT: readonly DeviceName[] = ["webgl2", "webgpu"];
const BACKENDS: readonly DeviceName[] = [...SWEPT, "webgl", "webasm"];
const IN_FULL = ["Holt", "PeepholeLSTM", "Bidirectional"];

const entries = FOLDERS.flatMap(specFiles).flatMap(({ path, entries: list }) =>
  list.map((decl) => ({ name: decl.name.text, file: path, decl })),
);
const runs = entries.flatMap((entry) => {
  const full = IN_FULL.includes(entry.name);
  return BACKENDS.flatMap((backend) =>
    PROGRAMS.filter((p) => full || (p === "gradientMasked" && SWEPT.includes(backend))).map(
      (program) => [entry.name, entry.file, program, backend, entry.decl] as const,
    ),
  );
});
/** Of one run that waits for others in the page. */
const TIMEOUT = 300_000;
const executable = chromiumPath();

test("the chosen few are in the library", () => {
  const names = entries.map(({ name }) => name);
  expect(IN_FULL.filter((name) => !names.includes(name))).toEqual([]);
});

if (executable === null) {
  describe("specs in a browser", () => {
    test.skip.each(runs)(
      "%s (%s): %s on %s: no Chromium: install Debian's chromium or set CHROMIUM",
      () => undefined,
    );
  });
} else {
  let browser: Browser;
  const compile = specCache();
  beforeAll(async () => {
    browser = await openBrowser(executable);
  });
  afterAll(() => browser?.close());

  // Concurrent, so that one is compiled while the page computes another.
  describe.concurrent("specs in a browser", () => {
    test.each(runs)(
      "%s (%s): %s on %s",
      async (name, file, program, backend, decl) => {
        const artifact = compile({ file, entry: name, dims: smallDims(decl) });
        const one = specCase(artifact, program);
        const got = await browser.run(backend, one);
        const want = await runCase(referenceDevice, one);
        expect(got.report.backend).toBe(backend);
        const errors = errorsOf(got.outputs, want.outputs);
        const wrong = Object.entries(errors).filter(([, error]) => !(error <= TOLERANCE));
        expect(Object.fromEntries(wrong)).toEqual({});
      },
      TIMEOUT,
    );
  });
}
