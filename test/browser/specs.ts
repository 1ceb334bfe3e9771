/** @file Specs as cases for a page. In: an artifact, a program. Out: one run of it at a random point, and
 *  how far a device's answer is from the reference's. Never a measure of its own: the gradient check's. */
import type { Artifact, Programs } from "../../runtime/artifact/artifact.ts";
import { sequences } from "../../runtime/artifact/signature.ts";
import type { Sizes } from "../../runtime/devices/device.ts";
import { relativeL2 } from "../../runtime/gradcheck.ts";
import { cases, point } from "../../runtime/gradcheck/point.ts";
import type { Case, CaseResult, CaseTensor } from "../harness/run-case.ts";

export const PROGRAMS = [
  "forward",
  "gradient",
  "forwardMasked",
  "gradientMasked",
] as const satisfies readonly (keyof Programs)[];

const SEED = 0;

/** Two samples; three steps of the first sequence, two of a second: no two sizes are equal by chance. */
function sizesOf(artifact: Artifact): Sizes {
  return { B: 2, ...Object.fromEntries(sequences(artifact).map((s, i) => [s, 3 - i])) };
}

/** A program with all that it reads; states whose start is computed are not given one. */
export function specCase(artifact: Artifact, program: (typeof PROGRAMS)[number]): Case {
  const sizes = sizesOf(artifact);
  const found = cases(artifact, sizes).find((c) => c.forward === program || c.gradient === program);
  if (found === undefined) throw new Error(`${artifact.entry.name} has no sequence to mask`);
  const inputs: Record<string, CaseTensor> = {};
  for (const [name, { shape, data }] of point(artifact, SEED, sizes, found))
    inputs[name] = { shape, data: Array.from(data) };
  return { name: `${artifact.entry.name} ${found.name}`, artifact, program, sizes, inputs };
}

/**
 * Relative L2 errors by output, as the gradient check's second layer measures them: a tensor that is
 * zero but for cancellation against a thousandth of the root mean square of all values, or all gradients.
 */
export function errorsOf(
  got: CaseResult["outputs"],
  want: CaseResult["outputs"],
): Readonly<Record<string, number>> {
  const isGradient = (name: string): boolean => name.startsWith("grad:");
  const rms = (gradients: boolean): number => {
    const all = Object.entries(want).flatMap(([n, data]) =>
      isGradient(n) === gradients ? data : [],
    );
    return Math.sqrt(all.reduce((sum, x) => sum + x * x, 0) / Math.max(1, all.length));
  };
  const [values, gradients] = [rms(false), rms(true)];
  return Object.fromEntries(
    Object.entries(want).map(([name, data]) => [
      name,
      relativeL2(got[name] ?? [], data, isGradient(name) ? gradients : values),
    ]),
  );
}
