/** @file A loop on a device, ready to be measured. In: an artifact, the loop's programs, a device. Out: its
 *  coefficients along a run, and adjoints taken back through its steps. Never decides what is measured. */
import { invariant } from "../../compiler/ir/invariant.ts";
import type { Measuring } from "../../compiler/analyse/measuring.ts";
import type { Artifact } from "../../runtime/artifact/artifact.ts";
import type { Device, OpenOptions, Real, Session, Sizes } from "../../runtime/devices/device.ts";

/** Tensors by store name. */
export type Values = ReadonlyMap<
  string,
  { readonly data: Real; readonly shape: readonly number[] }
>;

export interface Run {
  readonly steps: number;
  readonly sizes: Sizes;
  /** By the order of Measuring.coefficients: [steps][…shape], or […shape] of a fixed one. */
  readonly coefficients: readonly { readonly data: Real; readonly each: number }[];
  /** ∂loss/∂(result k of the loop), by `cut:k`; empty where there is no loss. */
  readonly cuts: ReadonlyMap<string, Real>;
}

export interface LoopSession {
  readonly m: Measuring;
  readonly precision: "f32" | "f64";
  /** Runs the loop on one sample. */
  trajectory(values: Values, sizes: Sizes): Promise<Run>;
  /**
   * Rows λ, slot by slot [count][size], taken back through `length` steps of a run, the one `lag` steps from the
   * end first: the result has, slot by slot, [length][count][size].
   */
  back(
    run: Run,
    rows: readonly Real[],
    count: number,
    lag: number,
    length: number,
  ): Promise<readonly Real[]>;
  /** J v of vectors, slot by slot [count][size]: `length` steps on, the last of them `lag` steps from the end. */
  forth(
    run: Run,
    vectors: readonly Real[],
    count: number,
    lag: number,
    length: number,
  ): Promise<readonly Real[]>;
  /** Adjoints before the last step of adjoints [size] of that step's outputs. */
  enter(run: Run, outputs: readonly Real[]): Promise<readonly Float64Array[]>;
  close(): void;
}

/** Devices run an artifact's programs by name: here the names stand for those of a loop. */
export function withPrograms(outline: Omit<Artifact, "programs">, m: Measuring): Artifact {
  const none = { step: null, loss: null, lossMasked: null, train: null, trainMasked: null };
  const programs = {
    ...none,
    update: null,
    forward: m.trajectory,
    forwardMasked: m.trajectory,
    gradient: m.back,
    gradientMasked: m.forth ?? m.back,
    start: m.enter,
  };
  return { ...outline, programs };
}

/** `artifact` has the programs of `m`. */
export async function openLoop(
  artifact: Artifact,
  m: Measuring,
  device: Device,
  options: OpenOptions = {},
): Promise<LoopSession> {
  const session: Session = await device.open(artifact, options);
  const shapes = (k: number, sizes: Sizes): readonly number[] =>
    m.coefficients[k]!.shape.map((d) => (typeof d === "number" ? d : sizes[d]!));
  const count = (shape: readonly number[]): number => shape.reduce((n, d) => n * d, 1);
  const state = { fixedOf: null as Run | null };
  /** Coefficients of some steps, the last first; those of all steps once a run. */
  const load = (run: Run, lag: number, length: number): void => {
    for (const [k, { key, isFixed }] of m.coefficients.entries()) {
      const { data, each } = run.coefficients[k]!;
      const shape = shapes(k, run.sizes);
      if (!isFixed)
        session.write(key, upwards(run, m.reverse, data, each, lag, length), [length, ...shape]);
      else if (state.fixedOf !== run) session.write(key, data, shape);
    }
    state.fixedOf = run;
  };

  return {
    m,
    precision: session.report().precision,
    async trajectory(values, sizes) {
      for (const [name, { data, shape }] of values) session.write(name, data, shape);
      for (const { key, type } of m.cuts) {
        const lead = [...(type.seq === null ? [] : [sizes[type.seq]!]), ...(type.batch ? [1] : [])];
        const shape = [...lead, ...type.shape.map((d) => (typeof d === "number" ? d : sizes[d]!))];
        session.write(key, new Float64Array(count(shape)), shape);
      }
      await session.run("forward", { ...sizes, B: 1 });
      const coefficients = await Promise.all(
        m.coefficients.map(async (c, k) => ({
          data: await session.read(c.written),
          each: count(shapes(k, sizes)),
        })),
      );
      const cuts = await Promise.all(
        m.cuts.map(async ({ key }) => [key, await session.read(`grad:${key}`)] as const),
      );
      return { steps: sizes[m.over]!, sizes, coefficients, cuts: new Map(cuts) };
    },
    async back(run, rows, n, lag, length) {
      load(run, lag, length);
      for (const [i, s] of m.slots.entries())
        session.write(`lambda:${i}`, rows[i]!, [n, ...s.shape]);
      await session.run("gradient", { ...run.sizes, B: n, T: length });
      return Promise.all(
        m.slots.map(async (s, i) =>
          s.reaches ? session.read(`rows:${i}`) : new Float64Array(length * n * s.size),
        ),
      );
    },
    async forth(run, vectors, n, lag, length) {
      invariant(m.forth !== null, "forth is made for wide loops");
      load(run, lag, length);
      for (const [i, s] of m.slots.entries())
        session.write(`vector:${i}`, vectors[i]!, [n, ...s.shape]);
      await session.run("gradientMasked", { ...run.sizes, B: n, T: length });
      return Promise.all(m.slots.map((_, i) => session.read(`image:${i}`)));
    },
    async enter(run, outputs) {
      for (const [k, { key, isFixed }] of m.coefficients.entries()) {
        const { data, each } = run.coefficients[k]!;
        const last = isFixed ? data : upwards(run, m.reverse, data, each, 1, 1);
        session.write(key, last, shapes(k, run.sizes));
      }
      for (const [j, o] of m.outputs.entries())
        session.write(`upsilon:${j}`, outputs[j]!, [1, ...o.shape]);
      await session.run("start", { ...run.sizes, B: 1 });
      state.fixedOf = null;
      const written = new Set(m.enter.outputs.map((o) => o.name));
      return Promise.all(
        m.slots.map(async (s, i) =>
          written.has(`lambda:${i}`)
            ? Float64Array.from(await session.read(`lambda:${i}`))
            : new Float64Array(s.size),
        ),
      );
    },
    close: () => session.close(),
  };
}

/** Rows of a sequence from the step `lag` from the end back; a loop that runs backward ends at row 0. */
function upwards(
  run: Run,
  reverse: boolean,
  data: Real,
  each: number,
  lag: number,
  length: number,
): Float64Array {
  const out = new Float64Array(length * each);
  for (let k = 0; k < length; k++) {
    const step = run.steps - (lag + k);
    const row = reverse ? run.steps - 1 - step : step;
    out.set(data.subarray(row * each, (row + 1) * each), k * each);
  }
  return out;
}
