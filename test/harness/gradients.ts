/** @file The gradient check over folders of specs/. In: folders. Out: a test for every cell and model.
 *  Tolerances are the check's own: 1e-6 an element, 1e-5 relative L2 on a backend. */
import { expect, test } from "vitest";
import { deviceNamed } from "../../runtime/devices/table.ts";
import { gradcheck } from "../../runtime/index.ts";
import { smallDims, specFiles } from "./library.ts";
import { compileSpec } from "./spec.ts";

/** Steps: enough for every lag to reach back over a sample's start. */
const T = 4;

export function sweepGradients(folders: readonly string[]): void {
  const entries = folders
    .flatMap(specFiles)
    .flatMap(({ path, entries: list }) => list.map((e) => [e.name.text, path, e] as const));
  test.each(entries)("%s (%s)", async (name, file, decl) => {
    const devices = [await deviceNamed("webasm"), await deviceNamed("cpu")];
    const artifact = compileSpec({ file, entry: name, dims: smallDims(decl) });
    const report = await gradcheck(artifact, { devices, T, samples: 24 });
    const failed = report.ok ? null : { worst: report.worst, backends: report.backends };
    expect(failed).toBeNull();
    expect(report.checked).toBeGreaterThan(0);
  });
}
