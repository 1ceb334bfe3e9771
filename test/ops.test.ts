/** @file Sweeps the op table: derivatives against central differences, kernel form against value,
 *  ranges against samples, types against the expansion. In: OPS. Never names an architecture. */
import { describe, expect, test } from "vitest";
import { interpret } from "../compiler/ir/interpret.ts";
import { sameType } from "../compiler/ir/ir.ts";
import { verify } from "../compiler/ir/verify.ts";
import type { Interval, OpDef, ProbeCase } from "../compiler/ops/op.ts";
import { isOpName, OPS, type OpName } from "../compiler/ops/table.ts";
import { isRefusal, resultType, withDefaults } from "../compiler/ops/typing.ts";
import { evaluateExpr, runEmitted } from "./harness/ops-kernel.ts";
import {
  argumentTypes,
  generator,
  inputsOf,
  isDifferentiable,
  opGraph,
  sample,
  SIZES,
  withGradients,
} from "./harness/ops-samples.ts";

const NAMES = Object.keys(OPS).filter(isOpName);
const defOf = (name: OpName): OpDef => OPS[name];
const CASES = NAMES.flatMap((name) =>
  defOf(name).probe.cases.map((c, i) => [`${name} case ${i}`, name, c] as const),
);
/** Ops whose derivative is not that of their value, by definition. */
const STOPS: readonly OpName[] = ["stop_gradient"];
const STEP = 1e-5;

describe("derivative equals central differences", () => {
  test.each(CASES)("%s", (_, name, c) => {
    const op = defOf(name);
    const graph = verify(withGradients(opGraph(name, c)), name);
    const random = generator(7);
    for (let round = 0; round < 5; round++) {
      const args = sample(op, c, random);
      const inputs = inputsOf(args);
      const y = resultExtent(name, c);
      inputs.set(
        "upstream",
        new Float64Array(y).map(() => 2 * random() - 1),
      );
      const found = interpret(graph, inputs, SIZES);
      for (const [i, arg] of args.entries()) {
        const grad = found.get(`grad${i}`) ?? new Float64Array(arg.data.length);
        if (!isDifferentiable(c, i)) {
          expect(found.has(`grad${i}`)).toBe(false);
          continue;
        }
        for (const [k, at] of arg.data.entries()) {
          const lossAt = (x: number) =>
            interpret(graph, new Map(inputs).set(`a${i}`, arg.data.with(k, x)), SIZES).get(
              "loss",
            )![0]!;
          const central = (lossAt(at + STEP) - lossAt(at - STEP)) / (2 * STEP);
          const wanted = STOPS.includes(name) ? 0 : central;
          const error = Math.abs(grad[k]! - wanted) / (1 + Math.abs(wanted));
          expect(error, `d/d${i}[${k}] is ${grad[k]}, differences give ${wanted}`).toBeLessThan(
            op.probe.tolerance,
          );
        }
      }
    }
  });
});

describe("kernel form equals value", () => {
  test.each(NAMES.filter((n) => defOf(n).form === "map"))("%s", (name) => {
    const op = defOf(name);
    if (op.form !== "map") return;
    const random = generator(11);
    for (const { attrs = {} } of op.probe.cases) {
      const all = withDefaults(op, attrs);
      const points = op.probe.extremes ?? [];
      const tuples = [
        ...Array.from({ length: 50 }, () =>
          Array.from({ length: op.arity }, () => draw(op, random)),
        ),
        ...product(Array.from({ length: op.arity }, () => points)),
      ];
      for (const x of tuples) {
        const wanted = op.value(x, all);
        const loads = x.map((_, i) => ({ load: i, at: [] }));
        const literals = x.map((v) => ({ lit: v }));
        for (const form of [loads, literals]) {
          const env = { vars: [], reds: [], sizes: SIZES, read: (k: number) => x[k]! };
          const got = evaluateExpr(op.emit(form, all), env);
          expect(close(got, wanted), `${name}(${x}) emitted ${got}, value ${wanted}`).toBe(true);
        }
      }
    }
  });

  test.each(CASES.filter(([, name]) => defOf(name).form === "structured"))("%s", (_, name, c) => {
    const op = defOf(name);
    if (op.form !== "structured") return;
    const random = generator(13);
    const { b, y } = opGraph(name, c);
    const graph = b.finish([{ key: "y", id: y }]);
    for (let round = 0; round < 5; round++) {
      const args = sample(op, c, random);
      const wanted = interpret(graph, inputsOf(args), SIZES).get("y")!;
      const got = runEmitted(op, args, withDefaults(op, c.attrs ?? {}), b.type(y), SIZES);
      expect(got.length).toBe(wanted.length);
      for (const [i, w] of wanted.entries())
        expect(close(got[i]!, w), `${i}: ${got[i]} ${w}`).toBe(true);
    }
  });
});

describe("finite at extremes", () => {
  test.each(NAMES.filter((n) => defOf(n).probe.extremes !== undefined))("%s", (name) => {
    const op = defOf(name);
    const points = op.probe.extremes!;
    for (const c of op.probe.cases) {
      const { b, y } = opGraph(name, c);
      const graph = b.finish([{ key: "y", id: y }]);
      const random = generator(17);
      for (let round = 0; round < 20; round++) {
        const args = sample(op, c, random).map((a) => ({
          ...a,
          data: a.data.map(() => points[Math.floor(random() * points.length)]!),
        }));
        for (const v of interpret(graph, inputsOf(args), SIZES).get("y")!)
          expect(Number.isFinite(v)).toBe(true);
      }
    }
  });
});

describe("range holds every value", () => {
  test.each(CASES)("%s", (_, name, c) => {
    const op = defOf(name);
    const all = withDefaults(op, c.attrs ?? {});
    const { b, y } = opGraph(name, c);
    const graph = b.finish([{ key: "y", id: y }]);
    const random = generator(19);
    for (let round = 0; round < 10; round++) {
      const bounds: Interval[] = argumentTypes(c).map(() => {
        const [p, q] = [draw(op, random), draw(op, random)];
        return { lo: Math.min(p, q), hi: Math.max(p, q) };
      });
      const range = op.range(bounds, all);
      expect(range.lo).toBeLessThanOrEqual(range.hi);
      const args = sample(op, c, random).map((a, i) => {
        if (!isDifferentiable(c, i)) return a;
        const { lo, hi } = bounds[i]!;
        return { ...a, data: a.data.map(() => lo + (hi - lo) * random()) };
      });
      for (const v of interpret(graph, inputsOf(args), SIZES).get("y")!) {
        const slack = 1e-12 * (1 + Math.abs(v));
        expect(v).toBeGreaterThanOrEqual(range.lo - slack);
        expect(v).toBeLessThanOrEqual(range.hi + slack);
      }
    }
  });

  test.each(NAMES)("%s: unknown arguments", (name) => {
    const op = defOf(name);
    for (const c of op.probe.cases) {
      const unknown = c.shapes.map(() => ({ lo: -Infinity, hi: Infinity }));
      const { lo, hi } = op.range(unknown, withDefaults(op, c.attrs ?? {}));
      expect(lo).toBeLessThanOrEqual(hi);
    }
  });
});

describe("documentation and types", () => {
  test.each(NAMES)("%s", (name) => {
    const op = defOf(name);
    expect(op.doc.length).toBeGreaterThan(0);
    expect(op.probe.cases.length).toBeGreaterThan(0);
    for (const c of op.probe.cases) {
      const type = resultType(op, argumentTypes(c), withDefaults(op, c.attrs ?? {}));
      expect(isRefusal(type)).toBe(false);
      const { b, y } = opGraph(name, c);
      if (!isRefusal(type)) expect(sameType(b.type(y), type), "the expansion's type").toBe(true);
    }
    if (op.spec === null) return;
    for (const p of op.params) expect(op.spec.params).toContain(p.name);
  });
});

function draw(op: OpDef, random: () => number): number {
  return op.probe.from + (op.probe.to - op.probe.from) * random();
}

function product(lists: readonly (readonly number[])[]): number[][] {
  return lists.reduce<number[][]>(
    (all, list) => all.flatMap((t) => list.map((v) => [...t, v])),
    [[]],
  );
}

function close(a: number, b: number): boolean {
  return Object.is(a, b) || Math.abs(a - b) <= 1e-12 * (1 + Math.abs(b));
}

function resultExtent(name: OpName, c: ProbeCase): number {
  const { b, y } = opGraph(name, c);
  const t = b.type(y);
  const lead = (t.seq === null ? 1 : SIZES[t.seq]!) * (t.batch ? SIZES.B! : 1);
  return t.shape.reduce<number>((n, d) => n * (typeof d === "number" ? d : SIZES[d]!), lead);
}
