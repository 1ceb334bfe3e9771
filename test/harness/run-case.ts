/** @file Programs on a device. In: an artifact as JSON, a program, sizes, inputs. Out: every output by
 *  name. Runs in Node and in a page alike. */
import type { Artifact, Programs } from "../../runtime/artifact/artifact.ts";
import type { BackendReport, Device, Sizes } from "../../runtime/devices/device.ts";

/** One run: what is written first, and which program at which sizes. */
export interface CaseRun {
  readonly program: keyof Programs;
  readonly sizes: Sizes;
  readonly inputs: Readonly<Record<string, CaseTensor>>;
}

/** JSON, save that numbers may be NaN or infinite. `before`: runs in the same session, in order. */
export interface Case extends CaseRun {
  readonly name: string;
  readonly artifact: Artifact;
  readonly before?: readonly CaseRun[];
}

export interface CaseTensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

export interface CaseResult {
  readonly report: BackendReport;
  readonly outputs: Readonly<Record<string, readonly number[]>>;
}

export async function runCase(device: Device, test: Case): Promise<CaseResult> {
  const session = await device.open(test.artifact);
  try {
    for (const { program, sizes, inputs } of [...(test.before ?? []), test]) {
      for (const [name, { shape, data }] of Object.entries(inputs))
        session.write(name, Float64Array.from(data), shape);
      await session.run(program, sizes);
    }
    const outputs: Record<string, readonly number[]> = {};
    for (const { name } of test.artifact.programs[test.program]?.outputs ?? [])
      outputs[name] = Array.from(await session.read(name));
    return { report: session.report(), outputs };
  } finally {
    session.close();
  }
}

/** The largest |g − w| / |w| of single numbers; differences below float32's normal range count for none. */
export function relativeError(got: readonly number[], want: readonly number[]): number {
  return want.reduce((worst, w, i) => {
    const exact = Math.fround(w);
    const difference = Object.is(got[i], exact) ? 0 : Math.abs(got[i]! - exact);
    if (difference < 1e-37) return worst;
    const error = Number.isFinite(difference) ? difference / Math.abs(exact) : Infinity;
    return Math.max(worst, error);
  }, 0);
}

/** ‖got − want‖ / ‖want‖; infinite where one is not finite and the other is not the same. */
export function relativeL2(got: readonly number[], want: readonly number[]): number {
  if (got.length !== want.length) return Number.POSITIVE_INFINITY;
  let error = 0;
  let norm = 0;
  for (const [i, w] of want.entries()) {
    const g = got[i]!;
    if (Object.is(g, w)) {
      if (Number.isFinite(w)) norm += w * w;
      continue;
    }
    if (!Number.isFinite(g) || !Number.isFinite(w)) return Number.POSITIVE_INFINITY;
    error += (g - w) ** 2;
    norm += w * w;
  }
  return error === 0 ? 0 : Math.sqrt(error / norm);
}
