/** @file Every cell and model of the library on the graphics backends that Node may have: values and gradients
 *  against float64. Skipped by name where a backend cannot run here; docs/decisions/gpujs-execution.md says how
 *  to have them without a graphics processor. */
import { describe, expect, test } from "vitest";
import { gpujsDevice } from "../runtime/devices/gpujs.ts";
import { gradcheck } from "../runtime/index.ts";
import { FOLDERS, smallDims, specFiles } from "./harness/library.ts";
import { compileSpec } from "./harness/spec.ts";

const entries = FOLDERS.flatMap(specFiles).flatMap(({ path, entries: list }) =>
  list.map((entry) => [entry.name.text, path, entry] as const),
);
const TIMEOUT = 300_000;

test("webgpu in Node has an adapter, lacks one, or says what to install", async () => {
  const available = await gpujsDevice("webgpu").available();
  const why = available.ok ? "" : available.why;
  expect(why).toMatch(
    /^$|^navigator\.gpu gives no adapter$|cannot be loaded: |: npm install webgpu@0\.6$/,
  );
});

for (const backend of ["headlessgl", "webgpu"] as const) {
  const device = gpujsDevice(backend);
  const available = await device.available();
  describe(`${backend} in Node`, () => {
    if (!available.ok) {
      test.skip(`every spec: ${available.why}`, () => undefined);
      return;
    }
    test.each(entries)(
      "%s (%s)",
      async (name, file, entry) => {
        const artifact = compileSpec({ file, entry: name, dims: smallDims(entry) });
        const report = await gradcheck(artifact, { devices: [device], B: 2, T: 4, samples: 0 });
        expect(report.backends.filter((b) => !b.ok)).toEqual([]);
        expect(report.backends).toHaveLength(1);
      },
      TIMEOUT,
    );
  });
}
