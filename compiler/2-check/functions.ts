/** @file The functions a spec may call. In: the op table. Out: for each, the values and settings it
 *  takes and its rule over symbolic shapes. A new elementwise op is here without an edit. */
import type { Attrs } from "../ir/ir.ts";
import * as interval from "../ops/interval.ts";
import type { Interval, OpDef } from "../ops/op.ts";
import { CALLS, OPS } from "../ops/table.ts";
import {
  add,
  constantOf,
  type Dim,
  equal,
  hasLength,
  mayBeSize,
  number,
  showDim,
  subtract,
} from "./dims.ts";
import { broadcast, sameShape, type Shape, showShape } from "./types.ts";

export interface Callable {
  /** As a reader meets it: `clamp(x, lo, hi)`. */
  readonly usage: string;
  /** How many values; null for one or more. */
  readonly arity: number | null;
  /** Settings, by position after the values or by name. */
  readonly settings: readonly Setting[];
  readonly shape: ShapeRule;
  /** Bounds of the result from bounds of the values and the settings that are numbers. */
  readonly range: (values: readonly Interval[], settings: Attrs) => Interval;
  /** Elementwise, and so a constant where its values are. */
  readonly elementwise: boolean;
}

export type Setting =
  | {
      readonly kind: "number";
      readonly name: string;
      /** Null: must be given. */
      readonly default: number | null;
      /** Values must be in [from, to], or [from, to) where `open`. */
      readonly within?: { readonly from: number; readonly to: number; readonly open: boolean };
    }
  | { readonly kind: "dim"; readonly name: string }
  | { readonly kind: "word"; readonly name: string; readonly words: readonly string[] };

/** Shapes of the values, settings that are dims → the result's shape, or why not. */
export type ShapeRule = (
  values: readonly Shape[],
  dims: Readonly<Record<string, Dim>>,
) => Shape | Misfit;

/** What is wrong: under the carets of value `at`, and which shapes would do in its place. */
export interface Misfit {
  readonly misfit: string;
  readonly at: number;
  readonly fits: (shape: Shape) => boolean;
}

export const isMisfit = (r: Shape | Misfit): r is Misfit => "misfit" in r;

/** A setting by position counts after the values; a word is given by name alone. */
export const byPosition = (s: Setting): boolean => s.kind !== "word";

/** The callable that users call by this name, or undefined. */
export const callable = (name: string): Callable | undefined => CALLABLES.get(name);

export const callableNames = (): readonly string[] => [...CALLABLES.keys()];

const PROBABILITY = { from: 0, to: 1, open: true };
const PER: Setting = { kind: "word", name: "per", words: ["step", "sequence"] };
const P: Setting = { kind: "number", name: "p", default: null, within: PROBABILITY };

const nothing = (): boolean => false;

/** All values aligned at the last axis; blames the first that does not join the ones before it. */
export const elementwise: ShapeRule = (values) => {
  let joined: Shape = [];
  for (const [at, shape] of values.entries()) {
    const next = broadcast(joined, shape);
    if (next === null) {
      const others = joined;
      const misfit = `is ${showShape(shape)}, but ${values.length === 2 ? PARTNER : "what it meets"} is ${showShape(others)}${wouldHave(shape, others)}`;
      return { misfit, at, fits: (s) => sameShape(s, others) };
    }
    joined = next;
  }
  return joined;
};

/**
 * a @ b: [H, D] @ [D] → [H], [H, D] @ [D, K] → [H, K], [D] @ [D, K] → [K].
 * Blames the left, as a weight is what one mistakes.
 */
export const product: ShapeRule = ([a = [], b = []]) => {
  for (const [at, shape] of [a, b].entries()) {
    if (shape.length === 0 || shape.length > 2) {
      const misfit = `is ${showShape(shape)}, and \`@\` takes vectors and matrices`;
      return { misfit, at, fits: (s) => s.length === 1 || s.length === 2 };
    }
  }
  if (a.length === 1 && b.length === 1) {
    return {
      misfit: "is a vector, and so is the right side: write `dot(a, b)`",
      at: 0,
      fits: nothing,
    };
  }
  const inner = a.at(-1)!;
  const wanted = b[0]!;
  if (equal(inner, wanted)) return [...a.slice(0, -1), ...b.slice(1)];
  return {
    misfit: `has ${showShape(a)}, but ${PARTNER} is ${showShape(b)}: ${showDim(inner)} would have to be ${showDim(wanted)}`,
    at: 0,
    fits: (s) => s.length === a.length && sameShape(s, [...a.slice(0, -1), wanted]),
  };
};

/** Stands in a misfit for the text of the other value. */
export const PARTNER = "\u0000";

const atLeast =
  (
    rank: number,
    rule: (shape: Shape, dims: Readonly<Record<string, Dim>>) => Shape | Misfit,
  ): ShapeRule =>
  ([v = []], dims) =>
    v.length >= rank
      ? rule(v, dims)
      : {
          misfit: `is ${showShape(v)}, and at least ${rank === 1 ? "one axis is" : `${rank} axes are`} needed`,
          at: 0,
          fits: (s) => s.length >= rank,
        };

const reduceLast = atLeast(1, (v) => v.slice(0, -1));
const keepShape = atLeast(1, (v) => v);

const part = atLeast(1, (v, { from, size }) => {
  const last = v.at(-1)!;
  if (from === undefined || size === undefined) return v;
  if ([last, from, size].some(hasLength)) return unknownLength(v, 0);
  const beyond = subtract(last, add(from, size));
  const whole = mayBeSize(from, 0) && mayBeSize(size);
  if (!whole || [beyond, from, subtract(size, number(1))].some(surelyNegative)) {
    const misfit = `has ${showDim(last)} elements on its last axis, and ${showDim(size)} from ${showDim(from)} are not among them`;
    return { misfit, at: 0, fits: nothing };
  }
  return [...v.slice(0, -1), size];
});

/** Below 0 whatever its names are, each at least 1. */
function surelyNegative(d: Dim): boolean {
  const value = constantOf(d);
  if (value !== null) return value < 0;
  const bound = d.terms.reduce((sum, t) => sum + t.num / t.den, 0);
  return d.terms.every((t) => t.powers.length === 0 || t.num < 0) && bound < 0;
}

const unknownLength = (v: Shape, at: number): Misfit => ({
  misfit: `is ${showShape(v)}, and how many ${showDim(v.at(-1)!)} are is known only in a run`,
  at,
  fits: nothing,
});

const concat: ShapeRule = (values) => {
  const [first = [], ...rest] = values;
  if (first.length === 0)
    return { misfit: "is a number, which has no axis to join", at: 0, fits: nothing };
  const endless = values.findIndex((v) => v.length > 0 && hasLength(v.at(-1)!));
  if (endless >= 0) return unknownLength(values[endless]!, endless);
  let last = first.at(-1)!;
  for (const [i, shape] of rest.entries()) {
    const leading = first.slice(0, -1);
    if (shape.length === 0 || !sameShape(leading, shape.slice(0, -1))) {
      const misfit = `is ${showShape(shape)}, but the first is ${showShape(first)}: all axes but the last must agree`;
      return { misfit, at: i + 1, fits: (s) => s.length > 0 && sameShape(leading, s.slice(0, -1)) };
    }
    last = add(last, shape.at(-1)!);
  }
  return [...first.slice(0, -1), last];
};

/** Shapes joined on their last axis, or null. */
export function concatLast(shapes: readonly Shape[]): Shape | null {
  const joined = concat(shapes, {});
  return isMisfit(joined) ? null : joined;
}

const outer: ShapeRule = (values) => {
  const at = values.findIndex((v) => v.length !== 1);
  if (at < 0) return values.flat();
  return {
    misfit: `is ${showShape(values[at]!)}, and a vector is needed`,
    at,
    fits: (s) => s.length === 1,
  };
};

const dot: ShapeRule = (values) => {
  const vectors = outer(values, {});
  if (isMisfit(vectors)) return vectors;
  const [a = [], b = []] = values;
  if (sameShape(a, b)) return [];
  const misfit = `is ${showShape(b)}, but ${PARTNER} is ${showShape(a)}`;
  return { misfit, at: 1, fits: (s) => sameShape(s, a) };
};

/** What dropout keeps is v / (1 - p). */
function scaled(v: Interval, p: Attrs[string] | undefined): Interval {
  const scale = typeof p === "number" ? 1 / (1 - p) : Number.POSITIVE_INFINITY;
  return interval.product(v, { lo: scale, hi: scale });
}

interface Structured {
  readonly usage: string;
  readonly arity: number | null;
  readonly settings?: readonly Setting[];
  readonly shape: ShapeRule;
  /** Where no op of that name has one. */
  readonly range?: Callable["range"];
}

/** Functions whose shape is not elementwise, or that take more than numbers. */
const STRUCTURED: Readonly<Record<string, Structured>> = {
  part: {
    usage: "part(v, from, size)",
    arity: 1,
    settings: [
      { kind: "dim", name: "from" },
      { kind: "dim", name: "size" },
    ],
    shape: part,
  },
  concat: { usage: "concat(a, b, …)", arity: null, shape: concat },
  transpose: {
    usage: "transpose(m)",
    arity: 1,
    shape: atLeast(2, (v) => [...v.slice(0, -2), v.at(-1)!, v.at(-2)!]),
  },
  outer: { usage: "outer(a, b)", arity: 2, shape: outer },
  dot: { usage: "dot(a, b)", arity: 2, shape: dot },
  sum: { usage: "sum(v)", arity: 1, shape: reduceLast },
  mean: { usage: "mean(v)", arity: 1, shape: reduceLast },
  max: { usage: "max(v)", arity: 1, shape: reduceLast },
  min: { usage: "min(v)", arity: 1, shape: reduceLast },
  logsumexp: { usage: "logsumexp(v)", arity: 1, shape: reduceLast },
  softmax: { usage: "softmax(v)", arity: 1, shape: keepShape },
  log_softmax: { usage: "log_softmax(v)", arity: 1, shape: keepShape },
  dropout: {
    usage: "dropout(v, p, per = step)",
    arity: 1,
    settings: [P, PER],
    shape: elementwise,
    range: ([v = interval.ANY], { p }) => interval.union({ lo: 0, hi: 0 }, scaled(v, p)),
  },
  zoneout: {
    usage: "zoneout(new, old, p, per = step)",
    arity: 2,
    settings: [P, PER],
    shape: elementwise,
    range: (values) => interval.union(...values),
  },
};

/** Sweeps the op table: elementwise ops are callable as they are, others by their rule above. */
function allCallables(): ReadonlyMap<string, Callable> {
  const all = new Map<string, Callable>();
  for (const [call, name] of CALLS) {
    const op: OpDef = OPS[name];
    if (op.form !== "map") continue;
    all.set(call, {
      usage: `${call}(${op.spec?.params ?? ""})`,
      arity: op.arity,
      settings: op.params.map((p) => ({ kind: "number", ...p })),
      shape: elementwise,
      range: op.range,
      elementwise: true,
    });
  }
  for (const [call, s] of Object.entries<Structured>(STRUCTURED)) {
    const name = CALLS.get(call);
    const range = s.range ?? (name === undefined ? () => interval.ANY : OPS[name].range);
    all.set(call, { settings: [], elementwise: false, ...s, range });
  }
  return all;
}

function wouldHave(shape: Shape, others: Shape): string {
  const axis =
    shape.length === others.length ? shape.findIndex((d, i) => !equal(d, others[i]!)) : -1;
  return axis < 0 ? "" : `: ${showDim(shape[axis]!)} would have to be ${showDim(others[axis]!)}`;
}

const CALLABLES = allCallables();
