/** @file Simplified expressions have the value of the ones they came from. Random expressions, evaluated
 *  both ways at random variables; indices come out in the form devices look for. */
import { expect, test } from "vitest";
import { createPool } from "../compiler/6-schedule/pool.ts";
import { BINARY, type Expr, UNARY } from "../runtime/artifact/kernel.ts";
import { call, lit, load, select, size, v } from "./harness/expr.ts";
import { random } from "./harness/graphs.ts";

const EXTENTS = [5, "T", 3];
const SIZES: Readonly<Record<string, number>> = { T: 4 };

/** Values of loads are exact, so that equal expressions are equal to the bit where nothing rounds. */
const LOADS = [0.5, -1.25, 3, 0];

/** By the rules that `simplify.ts` keeps: 0 · x is 0, and a zero has no sign. */
function evaluate(e: Expr, vars: readonly number[]): number {
  const value = raw(e, vars);
  return value === 0 ? 0 : value;
}

function raw(e: Expr, vars: readonly number[]): number {
  if ("lit" in e) return e.lit;
  if ("var" in e) return vars[e.var]!;
  if ("size" in e) return SIZES[e.size]!;
  if ("red" in e) throw new Error("no reductions here");
  if ("load" in e) return LOADS[e.load]!;
  const [a, b, c] = e.args.map((x) => () => evaluate(x, vars));
  if (e.call === "select") return a!() !== 0 ? b!() : c!();
  const x = a!();
  const y = b?.() ?? 0;
  switch (e.call) {
    case "neg":
      return -x;
    case "sigmoid":
      return 1 / (1 + Math.exp(-x));
    case "abs":
    case "sign":
    case "floor":
    case "exp":
    case "expm1":
    case "log":
    case "log1p":
    case "sqrt":
    case "tanh":
      return Math[e.call](x);
    case "add":
      return x + y;
    case "sub":
      return x - y;
    case "mul":
      return x === 0 || y === 0 ? 0 : x * y;
    case "div":
      return x / y;
    case "max":
      return Math.max(x, y);
    case "min":
      return Math.min(x, y);
    case "pow":
      return x ** y;
    case "lt":
      return Number(x < y);
    case "le":
      return Number(x <= y);
    case "gt":
      return Number(x > y);
    case "ge":
      return Number(x >= y);
    case "eq":
      return Number(x === y);
    case "ne":
      return Number(x !== y);
  }
}

function expression(draw: () => number, depth: number): Expr {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(draw() * list.length)]!;
  if (depth === 0 || draw() < 0.15) {
    return pick([
      v(0),
      v(1),
      v(2),
      size("T"),
      lit(0),
      lit(1),
      lit(-1),
      lit(2),
      lit(0.5),
      load(0),
      load(1),
      load(2),
    ]);
  }
  const inner = () => expression(draw, depth - 1);
  const kind = draw();
  if (kind < 0.15) return call(pick(UNARY), inner());
  if (kind < 0.25) return select(inner(), inner(), inner());
  const fns = kind < 0.6 ? (["add", "sub", "lt", "ge", "le"] as const) : BINARY;
  return call(pick(fns), inner(), inner());
}

test.each([...Array(20).keys()])("random expressions, seed %i", (seed) => {
  const draw = random(seed + 1);
  for (let i = 0; i < 200; i++) {
    const e = expression(draw, 4);
    const simple = createPool(EXTENTS).shared(e);
    for (let k = 0; k < 5; k++) {
      const vars = [Math.floor(draw() * 5), Math.floor(draw() * 4), Math.floor(draw() * 3)];
      const [wanted, got] = [evaluate(e, vars), evaluate(simple, vars)];
      if (!Number.isFinite(wanted)) continue;
      expect(got, `${JSON.stringify(e)} → ${JSON.stringify(simple)}`).toBeCloseTo(wanted, 9);
    }
  }
});

const cases: readonly (readonly [string, Expr, Expr])[] = [
  [
    "an index with its offsets summed",
    call("sub", call("add", v(0), lit(3)), lit(1)),
    call("add", v(0), lit(2)),
  ],
  ["the number last", call("add", lit(3), v(0)), call("add", v(0), lit(3))],
  [
    "a comparison brought to the variable",
    call("lt", call("add", v(0), lit(1)), lit(3)),
    call("lt", v(0), lit(2)),
  ],
  ["one that always holds", call("lt", v(0), lit(5)), lit(1)],
  ["one that never holds", call("ge", call("sub", v(2), lit(3)), lit(0)), lit(0)],
  ["a step below the number of steps", call("lt", v(1), size("T")), lit(1)],
  ["the side that is taken", select(call("lt", v(2), lit(3)), load(0), load(1)), load(0)],
  ["neutral elements", call("add", call("mul", load(0), lit(1)), lit(0)), load(0)],
  [
    "a difference for a sum with a negative",
    call("add", load(0), call("neg", load(1))),
    call("sub", load(0), load(1)),
  ],
];

test.each(cases)("%s", (_, e, wanted) => {
  expect(createPool(EXTENTS).shared(e)).toEqual(wanted);
});

test("equal expressions are one object", () => {
  const pool = createPool(EXTENTS);
  const make = () => call("tanh", call("mul", load(0, v(0)), load(1, call("add", lit(1), v(0)))));
  expect(pool.shared(make())).toBe(pool.shared(make()));
});
