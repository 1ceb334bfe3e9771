/** @file The gradient check of a report. In: an artifact, the run's backend. Out: what was compared, in short.
 *  Checks at small sizes, fewer elements of a larger model, and says how many. */
import type { Artifact } from "../../runtime/artifact/artifact.ts";
import { elements } from "../../runtime/artifact/extent.ts";
import { deviceNamed } from "../../runtime/devices/table.ts";
import { gradcheck } from "../../runtime/gradcheck.ts";
import type { GradcheckReport } from "../../runtime/gradcheck/report.ts";

export interface CheckFacts {
  readonly ok: boolean;
  readonly sizes: GradcheckReport["sizes"];
  readonly tolerance: GradcheckReport["tolerance"];
  /** Elements compared with differences; those left out of large tensors; those without a derivative. */
  readonly checked: number;
  readonly unsampled: number;
  readonly kinks: number;
  /** Largest relative error of an element against central differences, float64. */
  readonly cases: readonly CheckedCase[];
  /** Largest relative L2 error of a tensor against float64, on the run's backend; null: it cannot run here. */
  readonly backend: { readonly name: string; readonly cases: readonly CheckedCase[] } | null;
}

export interface CheckedCase {
  readonly name: string;
  readonly ok: boolean;
  readonly tensors: number;
  readonly error: number;
}

/** Of a model with so many parameters, this many elements of a tensor are compared. */
const WORK = 200_000;

export async function checkGradients(artifact: Artifact, backend: string): Promise<CheckFacts> {
  const size = artifact.params.reduce((sum, p) => sum + elements(p.shape), 0);
  const samples = Math.max(2, Math.min(16, Math.floor(WORK / size)));
  const device = await deviceNamed(backend);
  const available = (await device.available()).ok && device.name !== "reference";
  const devices = available ? [device] : [];
  const report = await gradcheck(artifact, { devices, samples });
  const [checked] = report.backends;
  const { ok, sizes, tolerance, unsampled, kinks } = report;
  return {
    ok,
    sizes,
    tolerance,
    checked: report.checked,
    unsampled,
    kinks,
    cases: report.cases.map((c) => ({
      name: c.name,
      ok: c.ok,
      tensors: c.tensors.length,
      error: Math.max(0, ...c.tensors.map((t) => t.worst?.error ?? 0)),
    })),
    backend:
      checked === undefined
        ? null
        : {
            name: checked.backend.backend,
            cases: checked.cases.map((c) => ({
              name: c.name,
              ok: c.ok,
              tensors: c.tensors.length,
              error: Math.max(0, ...c.tensors.map((t) => t.error)),
            })),
          },
  };
}
