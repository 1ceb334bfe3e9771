/** @file The three layers in numbers. In: a subject, how it is to be run. Out: bounds and measurements by lag, over
 *  all runs. Never mixes runs before their medians. */
import { type Bound, boundOf, type Part } from "../../compiler/analyse/bound.ts";
import type { Measuring } from "../../compiler/analyse/measuring.ts";
import { reasonText } from "../../compiler/analyse/reason.ts";
import type { Device, OpenOptions, Real } from "../../runtime/devices/device.ts";
import { deviceNamed } from "../../runtime/devices/table.ts";
import { Failure } from "../fail.ts";
import type { Sample } from "./inputs.ts";
import { lyapunov } from "./lyapunov.ts";
import { type Reach, reach } from "./reach.ts";
import type { Blocks } from "./rows.ts";
import { type LoopSession, openLoop, type Run } from "./session.ts";
import type { Subject } from "./subject.ts";

export interface Plan {
  /** One run each: weights by parameter name, and what the loop runs on. */
  readonly runs: readonly { readonly weights: Weights; readonly sample: Sample }[];
  readonly lags: number;
  readonly part: Part;
  readonly backend: string;
  readonly open: OpenOptions;
  /** Lags done, of all runs. */
  readonly onProgress: (done: number, total: number) => void;
}

export type Weights = ReadonlyMap<
  string,
  { readonly data: Real; readonly shape: readonly number[] }
>;

export interface Measurement {
  /** Natural logarithms by lag, from 1 on; null where no finite bound exists. The largest of all runs. */
  readonly bound: readonly (number | null)[];
  readonly reason: string | null;
  readonly reaches: readonly Reach[];
  /** Whether the gradient is of the train block's loss; else of the sum of the outputs. */
  readonly hasLoss: boolean;
  readonly exponents: readonly (readonly number[])[];
  readonly precision: "f32" | "f64";
  readonly backend: string;
}

/** Leading exponents that are measured. */
const EXPONENTS = 4;
/** Lags times states squared up to which float64 is quick. */
const SMALL = 1.2e6;

export async function measure(subject: Subject, plan: Plan): Promise<Measurement> {
  const { loop, step, artifact, programs } = subject;
  const hasLoss = artifact.train !== null;
  const device = await deviceFor(plan, programs);
  // Where "auto" takes float64 there are no threads to choose.
  const isChosen = plan.backend !== "auto" || device.name === "wasm";
  const session = await openLoop(artifact, programs, device, isChosen ? plan.open : {});
  const total = plan.runs.reduce((n, r) => n + stepsOf(r.sample, programs), 0);
  const choice = {
    rows: loop.slots.map((s) => plan.part.of(s.state)),
    columns: loop.slots.map((s) => plan.part.to(s.state)),
  };
  const reaches: Reach[] = [];
  const exponents: (readonly number[])[] = [];
  const bounds: Bound[] = [];
  let done = 0;
  try {
    for (const { weights, sample } of plan.runs) {
      const values = new Map([
        ...sample.values,
        ...[...weights].map(([name, tensor]) => [`param:${name}`, tensor] as const),
      ]);
      const run = await session.trajectory(values, sample.sizes);
      mustBeFinite(subject, run);
      const entering = await enteringOf(session, run, hasLoss);
      const before = done;
      const onLag = (lag: number) => plan.onProgress(before + lag, total);
      reaches.push(await reach(session, run, choice, entering, onLag));
      exponents.push(await lyapunov(session, run, EXPONENTS));
      done += run.steps;
      const known = new Map([...weights].map(([n, w]) => [n, Float64Array.from(w.data)]));
      bounds.push(boundOf(loop, step, known, artifact.states, plan.lags, plan.part));
    }
  } finally {
    session.close();
  }
  const reason = bounds.find((b) => b.reason !== null)?.reason ?? null;
  return {
    bound: Array.from({ length: plan.lags }, (_, k) => highest(bounds.map((b) => b.logs[k]!))),
    reason: reason === null ? null : reasonText(reason),
    reaches,
    hasLoss,
    exponents,
    precision: session.precision,
    backend: device.name,
  };
}

const stepsOf = (sample: Sample, m: Measuring): number => sample.sizes[m.over] ?? 0;

async function deviceFor(plan: Plan, m: Measuring): Promise<Device> {
  if (plan.backend !== "auto") return deviceNamed(plan.backend);
  const states = m.slots.reduce((n, s) => n + s.size, 0);
  return deviceNamed(plan.lags * states * states <= SMALL ? "reference" : "wasm");
}

function mustBeFinite({ artifact }: Subject, run: Run): void {
  for (const { data, each } of run.coefficients) {
    const at = data.findIndex((x) => !Number.isFinite(x));
    if (at < 0) continue;
    const when = data.length === each ? "" : ` at step ${Math.floor(at / each) + 1}`;
    throw new Failure(
      `error: the states of ${artifact.entry.name} are not finite${when}: fewer --lags, or other weights`,
      1,
    );
  }
}

/** ∂L/∂s before the last step: from that step's outputs, and from the states after it where the loss reads them. */
export async function enteringOf(
  session: LoopSession,
  run: Run,
  hasLoss: boolean,
): Promise<Blocks> {
  const { m } = session;
  if (!hasLoss)
    return session.enter(
      run,
      m.outputs.map((o) => new Float64Array(o.size).fill(1)),
    );
  const row = m.reverse ? 0 : run.steps - 1;
  const upsilon = m.outputs.map((o, j) => {
    const found = run.cuts.get(`cut:${m.slots.length + j}`);
    return found?.subarray(row * o.size, (row + 1) * o.size) ?? new Float64Array(o.size);
  });
  const lambda = m.slots.map((s, i) => run.cuts.get(`cut:${i}`) ?? new Float64Array(s.size));
  const [fromOutputs, fromStates] = [
    await session.enter(run, upsilon),
    await session.back(run, lambda, 1, 1, 1),
  ];
  return fromOutputs.map((x, i) => x.map((v, k) => v + fromStates[i]![k]!));
}

function highest(xs: readonly (number | null)[]): number | null {
  return xs.some((x) => x === null) ? null : Math.max(...xs.map(Number));
}
