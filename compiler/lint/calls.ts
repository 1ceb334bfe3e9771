/** @file What calls do to numbers. In: a call as terms hold it. Out: its value, bounds and slope, all the
 *  ops' own. Never knows a function by name, save those that move or join elements. */
import { callable } from "../2-check/functions.ts";
import { ANY } from "../ops/interval.ts";
import type { Interval, MapOp, OpDef } from "../ops/op.ts";
import { CALLS, OPERATORS, OPS } from "../ops/table.ts";
import { withDefaults } from "../ops/typing.ts";
import type { ApplyTerm } from "./term.ts";

/** The elementwise op that a call is, or null. */
export function mapOp(call: string): MapOp | null {
  const op = opOf(call);
  return op?.form === "map" ? op : null;
}

function opOf(call: string): OpDef | undefined {
  if (call === "neg") return OPS.neg;
  if (isOperator(call)) return OPS[OPERATORS[call]];
  const name = CALLS.get(call);
  return name === undefined ? undefined : OPS[name];
}

const isOperator = (call: string): call is keyof typeof OPERATORS => Object.hasOwn(OPERATORS, call);

/** The value of an elementwise call; NaN where it is none, or a setting is not known. */
export function functionOf(term: ApplyTerm): (x: readonly number[]) => number {
  const op = mapOp(term.call);
  if (op === null || op.params.some((p) => p.default === null && !(p.name in term.settings)))
    return () => Number.NaN;
  const attrs = withDefaults(op, term.settings);
  return (x) => op.value(x, attrs);
}

export const valueAt = (term: ApplyTerm, x: readonly number[]): number => functionOf(term)(x);

/** Bounds of a call from bounds of its arguments. */
export function boundsOf(term: ApplyTerm, x: readonly Interval[]): Interval {
  const f = callable(term.call);
  if (f?.settings.some((s) => s.kind === "number" && !(s.name in term.settings))) return ANY;
  const [a, b] = term.args;
  // A square is no product of two strangers.
  if (term.call === "*" && a === b) return OPS.pow.range([x[0]!, { lo: 2, hi: 2 }], {});
  const range = f?.range ?? opOf(term.call)?.range;
  const found = range === undefined ? ANY : range(x, term.settings);
  return Number.isNaN(found.lo) || Number.isNaN(found.hi) ? ANY : found;
}

/** A function of one number: elementwise, and no operator. */
export const isFunction = (term: ApplyTerm): boolean =>
  term.args.length === 1 && term.call !== "neg" && mapOp(term.call) !== null;

/** A function of one number whose values are bounded, whatever the number: it squashes. */
export function squashes(term: ApplyTerm): boolean {
  if (!isFunction(term)) return false;
  const { lo, hi } = boundsOf(term, [ANY]);
  return Number.isFinite(lo) && Number.isFinite(hi);
}

/** Its argument as it is, in value. */
export const keepsValue = (term: ApplyTerm): boolean =>
  isFunction(term) && [-3, 0.5, 2].every((x) => valueAt(term, [x]) === x);

/** Calls whose elements are some of their argument's, as they are. */
export const MOVES: ReadonlySet<string> = new Set(["part", "transpose", "dropout"]);

/** The slope of a function of one number at x; central difference. */
export function slopeOf(term: ApplyTerm): (x: number) => number {
  const value = functionOf(term);
  return (x) => {
    const h = 1e-5 * Math.max(1, Math.abs(x));
    return (value([x + h]) - value([x - h])) / (2 * h);
  };
}

/**
 * The largest |slope| of a function of one number over `x`: on a grid of [−40, 40], which holds all that
 * the functions of the language do before they level off. Infinite where it grows beyond 1e6, or is
 * not defined.
 */
export function steepest(term: ApplyTerm, x: Interval): number {
  const key = `${term.call} ${JSON.stringify(term.settings)} ${x.lo} ${x.hi}`;
  const known = steepestKnown.get(key) ?? steepestOf(term, x);
  steepestKnown.set(key, known);
  return known;
}

/** Few functions over few bounds, asked for by every cell. */
const steepestKnown = new Map<string, number>();

function steepestOf(term: ApplyTerm, x: Interval): number {
  const [from, to] = [Math.max(x.lo, -FAR) - BEND, Math.min(x.hi, FAR) + BEND];
  const slopeAt = slopeOf(term);
  const steps = 320;
  let most = 0;
  for (let i = 0; i <= steps; i++) {
    const slope = Math.abs(slopeAt(from + ((to - from) * i) / steps));
    if (!(slope < 1e6)) return Number.POSITIVE_INFINITY;
    most = Math.max(most, slope);
  }
  return most;
}
const FAR = 40;
/** A bend at the very end of the bounds has two slopes. */
const BEND = 0.01;

/** Mean square slope of a function of one number far from 0, over both signs: of relu, √½. */
export function farSlope(term: ApplyTerm): number {
  const slopeAt = slopeOf(term);
  return Math.hypot(slopeAt(1e3), slopeAt(-1e3)) / Math.SQRT2;
}
