/** @file Bounds of how far a state reaches. In: a loop, weights. Out: for every lag a number that
 *  ‖∂s_T/∂s_{T-lag}‖₂ never exceeds, or why there is none. Nothing runs: derivatives' ranges and weights' norms. */
import type { StateInfo } from "../../runtime/artifact/artifact.ts";
import { EigenvalueDecomposition, Matrix } from "ml-matrix";
import type { NodeId } from "../ir/ir.ts";
import { knownOf, type Weights } from "./known.ts";
import type { Loop } from "./loop.ts";
import { type Bounded, type Norms, normOf, product, sum } from "./norms.ts";
import type { Branches, Step } from "./paths.ts";
import { ranges } from "./ranges.ts";
import { type Reason, reasonOf } from "./reason.ts";

export interface Bound {
  /** log of the bound at lag 1, 2, …; null where none is finite. */
  readonly logs: readonly (number | null)[];
  /** Bounds of the step's blocks: rows and columns are the loop's slots, of after and before the step. */
  readonly blocks: readonly (readonly number[])[];
  /** Why no bound is finite, or null. */
  readonly reason: Reason | null;
}

/** Rows and columns of the norm that is bounded; all by default. */
export interface Part {
  readonly of: (state: string) => boolean;
  readonly to: (state: string) => boolean;
}

export const WHOLE: Part = { of: () => true, to: () => true };

/**
 * N_ij bounds the norm of block (i, j) of a step's Jacobian by sums over the paths of products of norms. Then
 * ‖J_T ⋯ J_{t+1}‖ ≤ ‖N^lag‖: a block's norm is at most the block of norms', and norms are submultiplicative.
 */
export function boundOf(
  loop: Loop,
  step: Step,
  weights: Weights,
  states: readonly StateInfo[],
  lags: number,
  part: Part = WHOLE,
): Bound {
  const known = knownOf(loop, step, weights, states);
  const range = ranges(step, known);
  const norms: Norms = { c: step.c, range, constant: known.constant, spectral: new Map() };
  const totals = step.slots.map((s) => totalsFrom(norms, step, s.next));
  const cells = totals.map((row) =>
    step.slots.map((s): Blamed => row.get(s.arg) ?? { norm: 0, unbounded: null, of: null }),
  );
  const blocks = cells.map((row) => row.map((x) => x.norm));
  const rows = step.slots.map((s) => part.of(s.state));
  const columns = step.slots.map((s) => part.to(s.state));
  const logs = powers(blocks, lags, rows, columns);
  const isOpen = logs.some((x) => x === null);
  return { logs, blocks, reason: isOpen ? reasonOf(loop, step, range, cells) : null };
}

/** A bound of one block, and what is to blame where it is infinite. */
export interface Blamed extends Bounded {
  /** The equation whose derivative is unbounded. */
  readonly of: NodeId | null;
}

/** Sums over all paths from a state after the step, by the state before it. */
function totalsFrom(norms: Norms, step: Step, root: NodeId): ReadonlyMap<NodeId, Blamed> {
  const known = new Map<NodeId, ReadonlyMap<NodeId, Blamed>>();
  const from = (id: NodeId): ReadonlyMap<NodeId, Blamed> => {
    const there = known.get(id);
    if (there !== undefined) return there;
    const found = new Map<NodeId, Blamed>();
    const add = (end: NodeId, x: Blamed): void => {
      const before = found.get(end);
      if (before === undefined) found.set(end, x);
      else found.set(end, { of: before.of ?? x.of, ...sum([before, x]) });
    };
    for (const [next, branches] of step.derivatives.get(id) ?? []) {
      const own = branchNorm(norms, branches);
      const blame = own.unbounded === null ? null : id;
      if (!step.isEquation(next) || next === id) add(next, { ...own, of: blame });
      else
        for (const [end, rest] of from(next))
          add(end, { ...product([own, rest]), of: blame ?? rest.of });
    }
    known.set(id, found);
    return found;
  };
  return from(root);
}

function branchNorm(norms: Norms, { straight, bent }: Branches): Bounded {
  return sum([straight, bent].flatMap((l) => (l === null ? [] : [normOf(norms, l)])));
}

/** log ‖N^k‖₂ of the chosen rows and columns, for k = 1 … lags; scaled at each step, so that none overflows. */
function powers(
  n: readonly (readonly number[])[],
  lags: number,
  rows: readonly boolean[],
  columns: readonly boolean[],
): readonly (number | null)[] {
  let power: readonly (readonly number[])[] = n.map((row, i) =>
    row.map((_, j) => (i === j ? 1 : 0)),
  );
  let log = 0;
  const logs: (number | null)[] = [];
  for (let k = 1; k <= lags; k++) {
    power = power.map((row) =>
      n[0]!.map((_, j) => row.reduce((s, x, m) => s + times(x, n[m]![j]!), 0)),
    );
    const chosen = power.flatMap((row, i) => (rows[i] ? [row.filter((_, j) => columns[j])] : []));
    const top = Math.max(0, ...chosen.flat());
    logs.push(Number.isFinite(top) ? log + Math.log(norm(chosen, top)) : null);
    const largest = Math.max(0, ...power.flat().filter(Number.isFinite));
    if (largest === 0) continue;
    power = power.map((row) => row.map((x) => x / largest));
    log += Math.log(largest);
  }
  return logs;
}

const times = (x: number, y: number): number => (x === 0 || y === 0 ? 0 : x * y);

/** ‖A‖₂ of a small matrix of norms, from AᵀA; `top` is its largest entry. */
function norm(a: readonly (readonly number[])[], top: number): number {
  if (top === 0) return 0;
  if (a.length === 1 && a[0]!.length === 1) return top;
  const scaled = new Matrix(a.map((row) => row.map((x) => x / top)));
  const { realEigenvalues } = new EigenvalueDecomposition(scaled.transpose().mmul(scaled), {
    assumeSymmetric: true,
  });
  return top * Math.sqrt(Math.max(...realEigenvalues)) * (1 + 1e-12);
}
