/** @file What each pass does, on the smallest graph that shows it: printed before and after. After a
 *  change that is meant: `npx vitest run test/passes-golden.test.ts -u`, and read the diff. */
import { expect, test } from "vitest";
import { dropDead } from "../compiler/5-optimise/drop-dead.ts";
import { type Builder, createBuilder } from "../compiler/ir/builder.ts";
import { type NodeId, real } from "../compiler/ir/ir.ts";
import { print } from "../compiler/ir/print.ts";
import { verify } from "../compiler/ir/verify.ts";
import { scan } from "./harness/graphs.ts";
import { PASSES } from "./harness/optimised.ts";

const leaf = (b: Builder, name: string, ...shape: number[]) =>
  b.named(b.leaf(`param:${name}`, real(shape)), name);
const steps = (b: Builder, name: string, ...shape: number[]) =>
  b.named(b.leaf(`input:${name}`, real(shape, true, "T")), name);
const state = (b: Builder, name: string, ...shape: number[]) =>
  b.named(b.leaf(`initial:${name}`, real(shape, true)), name);
const part = (b: Builder, v: NodeId, from: number, size: number) =>
  b.apply("part", [v], { axis: 0, from, size });
const join = (b: Builder, ...vs: NodeId[]) => b.apply("concat", vs, { axis: 0 });
const times = (b: Builder, m: NodeId, v: NodeId) => b.apply("matmul", [m, v]);

/** By pass: a graph, its outputs in order. */
const CASES: Readonly<Record<string, (b: Builder) => readonly NodeId[]>> = {
  fold: (b) => {
    const x = steps(b, "x", 4);
    const one = b.add(b.lit(0.5), b.lit(0.5));
    const zeros = b.apply("expand", [b.lit(0)], { axes: [0], dims: [4] });
    const parts = join(b, part(b, x, 0, 1), part(b, x, 1, 2));
    return [b.add(b.mul(x, one), zeros), part(b, parts, 1, 2), b.neg(b.neg(x))];
  },
  cse: (b) => {
    const [x, w] = [steps(b, "x", 3), leaf(b, "w", 3)];
    const dot = (p: NodeId, q: NodeId) => b.apply("dot", [p, q]);
    return [b.add(b.add(x, w), b.add(w, x)), b.sub(dot(x, w), dot(w, x))];
  },
  tidyScans: (b) => {
    const x = steps(b, "x", 2);
    const zeros = b.apply("expand", [b.lit(0)], { axes: [0], dims: [2], seq: "T", batch: true });
    const loop = {
      carries: [state(b, "h", 2), state(b, "g", 2)],
      slices: [x, x, zeros],
      consts: [b.lit(3)],
    };
    return scan(b, loop, ({ b, carries: [h, g], slices: [p, q, z], consts: [k] }) => {
      const next = b.mul(k!, b.add(b.add(h!, b.sub(p!, q!)), b.add(z!, g!)));
      return { next: [next, g!], collects: [next, next, p!] };
    });
  },
  shareDivisors: (b) => {
    const [x, w] = [steps(b, "x", 4), leaf(b, "w", 4)];
    const squares = b.apply("sum", [b.mul(x, x)], { axes: [0] });
    const norm = b.apply("sqrt", [b.add(squares, b.lit(1e-5))]);
    return [b.div(x, norm), b.div(x, squares), b.div(x, w), b.div(b.lit(1), norm)];
  },
  dropDead: (b) => {
    const loop = {
      carries: [state(b, "h", 2), state(b, "g", 2)],
      slices: [steps(b, "x", 2), steps(b, "z", 2)],
    };
    const [h] = scan(b, loop, ({ b, carries: [h, g], slices: [x, z] }) => ({
      next: [b.add(h!, x!), b.mul(g!, z!)],
      collects: [b.sub(x!, z!)],
    }));
    return [h!];
  },
  dropStops: (b) => [b.mul(b.apply("stop_gradient", [steps(b, "x", 2)]), b.lit(2))],
  throughMasks: (b) => {
    const mask = b.named(b.leaf("input:m", real([], true, "T")), "m");
    const loop = {
      carries: [state(b, "c", 2), state(b, "h", 2)],
      slices: [steps(b, "x", 2), mask],
    };
    return scan(b, loop, ({ b, carries: [c, h], slices: [x, m] }) => {
      const c1 = b.apply("tanh", [b.add(c!, x!)]);
      const h1 = b.mul(x!, c1);
      const kept = (now: NodeId, old: NodeId) => b.apply("where", [m!, now, old]);
      return { next: [kept(c1, c!), kept(h1, h!)], collects: [kept(h1, b.lit(0))] };
    });
  },
  splitProducts: (b) => {
    const loop = {
      carries: [state(b, "h", 2)],
      slices: [steps(b, "x", 3)],
      consts: [leaf(b, "W", 2, 5)],
    };
    return scan(b, loop, ({ b, carries: [h], slices: [x], consts: [W] }) => ({
      next: [b.apply("tanh", [times(b, W!, join(b, x!, h!))])],
    }));
  },
  groupSums: (b) => {
    const loop = {
      carries: [state(b, "h", 2)],
      slices: [steps(b, "x", 3)],
      consts: [leaf(b, "W", 2, 3), leaf(b, "U", 2, 2), leaf(b, "b", 2)],
    };
    return scan(b, loop, ({ b, carries: [h], slices: [x], consts: [W, U, bias] }) => ({
      next: [b.add(b.add(times(b, U!, h!), b.add(h!, times(b, W!, x!))), bias!)],
    }));
  },
  joinProducts: (b) => {
    const x = steps(b, "x", 3);
    const [V, W, U] = [leaf(b, "V", 2, 3), leaf(b, "W", 4, 3), leaf(b, "U", 3, 2)];
    return [
      ...[V, W].map((m) => b.apply("tanh", [times(b, m, x)])),
      // On the right, and with nothing to be joined to.
      b.apply("matmul", [x, U]),
    ];
  },
  packParts: (b) => {
    const z = times(b, leaf(b, "W", 6, 3), steps(b, "x", 3));
    const y = steps(b, "y", 8);
    const pieces = [0, 2, 4].map((from, i) => b.add(part(b, z, from, 2), leaf(b, `b_${i}`, 2)));
    return pieces.map((p, i) => b.mul(p, part(b, y, 1 + 2 * i, 2)));
  },
  stackParts: (b) => {
    const loop = {
      carries: [state(b, "h", 2)],
      slices: [steps(b, "m")],
      consts: [leaf(b, "U", 2, 2), leaf(b, "V", 2, 2), leaf(b, "g", 2), leaf(b, "k", 2)],
    };
    return scan(b, loop, ({ b, carries: [h], slices: [m], consts: [U, V, ...gains] }) => {
      const z = times(b, join(b, U!, V!), h!);
      const [p, q] = [0, 2].map((from, i) => {
        const v = part(b, z, from, 2);
        return b.mul(b.sub(v, b.add(b.apply("sum", [v], { axes: [0] }), m!)), gains[i]!);
      });
      return { next: [b.mul(b.apply("tanh", [p!]), b.apply("sigmoid", [q!]))] };
    });
  },
  hoist: (b) => {
    const loop = {
      carries: [state(b, "h", 2)],
      slices: [steps(b, "x", 3)],
      consts: [leaf(b, "W", 4, 3), leaf(b, "b", 4)],
    };
    return scan(b, loop, ({ b, carries: [h], slices: [x], consts: [W, bias] }) => {
      const z = b.add(times(b, W!, x!), bias!);
      const keep = b.apply("sigmoid", [part(b, z, 0, 2)]);
      return { next: [b.add(b.mul(keep, h!), part(b, z, 2, 2))] };
    });
  },
  hoistProducts: (b) => {
    const loop = {
      carries: [state(b, "h", 2)],
      slices: [steps(b, "x", 2)],
      consts: [leaf(b, "W", 2, 2)],
    };
    return scan(b, loop, ({ b, carries: [h], slices: [x], consts: [W] }) => {
      const s = b.apply("sigmoid", [x!]);
      return { next: [b.add(b.mul(s, h!), times(b, W!, s))] };
    });
  },
  sink: (b) => {
    const loop = {
      reverse: true,
      carries: [state(b, "d", 4)],
      slices: [steps(b, "x", 3), steps(b, "s", 4)],
      consts: [leaf(b, "U", 4, 4), leaf(b, "V", 2, 4)],
    };
    return scan(b, loop, ({ b, carries: [d], slices: [x, s], consts: [U, V] }) => {
      const dz = b.mul(d!, s!);
      const weights = b.apply("contract", [dz, x!], { a: "i", b: "j", y: "ij", batch: false });
      const bias = b.apply("sum", [dz], { axes: [], batch: false });
      return { next: [times(b, U!, dz)], collects: [times(b, V!, dz)], sums: [weights, bias, d!] };
    });
  },
  padsToConcat: (b) => {
    const pad = (v: NodeId, before: number, after: number) =>
      b.apply("pad", [v], { axis: 0, before, after });
    const [x, y, z] = [steps(b, "x", 2), steps(b, "y", 2), steps(b, "z", 6)];
    return [b.add(b.add(pad(x, 0, 4), b.add(pad(y, 4, 0), z)), pad(x, 4, 0))];
  },
  pullIn: (b) => {
    const x = steps(b, "x", 5);
    const W = b.apply("transpose", [leaf(b, "W", 3, 2)], { perm: [1, 0] });
    const outer = b.apply("outer", [part(b, x, 0, 3), steps(b, "y", 3)]);
    const loop = {
      carries: [state(b, "C", 3, 3)],
      slices: [part(b, x, 1, 2), outer],
      consts: [W],
    };
    return scan(b, loop, ({ b, carries: [C], slices: [v, vy], consts: [W] }) => ({
      next: [b.add(b.add(C!, vy!), b.apply("matmul", [v!, W!]))],
    }));
  },
  packConsts: (b) => {
    const consts = [leaf(b, "p", 2), leaf(b, "W", 2, 2), leaf(b, "g", 2)];
    const loop = { carries: [state(b, "h", 2)], consts };
    return scan(b, loop, ({ b, carries: [h], consts: [p, W, g] }) => ({
      next: [b.mul(g!, b.add(times(b, W!, h!), p!))],
    }));
  },
  saveEpilogues: (b) => {
    const [x, U] = [steps(b, "x", 2), leaf(b, "U", 2, 2)];
    const gate = (b: Builder, x: NodeId, z: NodeId) => b.apply("sigmoid", [b.add(x, z)]);
    const loop = { carries: [state(b, "h", 2)], slices: [x], consts: [U] };
    const [h, , z] = scan(b, loop, ({ b, carries: [h], slices: [x], consts: [U] }) => {
      const z = times(b, U!, h!);
      const s = gate(b, x!, z);
      return { next: [b.mul(s, b.add(s, h!))], collects: [s, z] };
    });
    const back = { reverse: true, carries: [state(b, "d", 2)], slices: [x, z!] };
    const [d] = scan(b, back, ({ b, carries: [d], slices: [x, z] }) => {
      const s = gate(b, x!, z!);
      return { next: [b.mul(d!, b.mul(s, b.sub(b.lit(1), s)))] };
    });
    return [h!, d!];
  },
  saveGates: (b) => {
    const [x, U, p] = [steps(b, "x", 2), leaf(b, "U", 8, 2), leaf(b, "p", 2)];
    const init = state(b, "h", 2);
    const sigmoid = (b: Builder, v: NodeId) => b.apply("sigmoid", [v]);
    // Gates that read the input and the state before the step, a gate of the product alone, a part as it is.
    const gates = (b: Builder, z: NodeId, x: NodeId, p: NodeId, h: NodeId) => ({
      i: sigmoid(b, b.add(x, part(b, z, 0, 2))),
      f: sigmoid(b, b.add(b.mul(p, h), part(b, z, 2, 2))),
      g: b.apply("tanh", [part(b, z, 4, 2)]),
      u: part(b, z, 6, 2),
    });
    const loop = { carries: [init], slices: [x], consts: [U, p] };
    const [last, all, z] = scan(b, loop, ({ b, carries: [h], slices: [x], consts: [U, p] }) => {
      const z = times(b, U!, h!);
      const { i, f, g, u } = gates(b, z, x!, p!, h!);
      const next = b.add(b.add(b.mul(f, h!), b.mul(i, g)), b.mul(i, u));
      return { next: [next], collects: [next, z] };
    });
    const before = b.apply("delay", [all!, init], { reverse: false });
    const back = {
      reverse: true,
      carries: [state(b, "d", 2)],
      slices: [z!, x, before],
      consts: [p],
    };
    const [d] = scan(b, back, ({ b, carries: [d], slices: [z, x, h], consts: [p] }) => {
      const { i, f, g, u } = gates(b, z!, x!, p!, h!);
      return { next: [b.mul(b.mul(d!, f), b.mul(i, b.add(g, b.mul(u, u))))] };
    });
    return [last!, d!, b.mul(x, sigmoid(b, b.add(x, part(b, z!, 0, 2))))];
  },
  unpackGradients: (b) => {
    const [dz, x] = [steps(b, "dz", 4), steps(b, "x", 3)];
    const all = { a: "i", b: "j", y: "ij", seq: false, batch: false };
    const dW = b.apply("contract", [dz, x], all);
    const db = b.apply("sum", [dz], { axes: [], seq: false, batch: false });
    const rows = b.apply("contract", [steps(b, "dZ", 2, 2), x], { ...all, a: "ki", y: "kij" });
    return [
      ...[dW, db].flatMap((d) => [part(b, d, 0, 2), part(b, d, 2, 2)]),
      ...[0, 1].map((at) => b.apply("row", [rows], { axis: 0, at })),
    ];
  },
};

test("every pass has a case", () => {
  expect(Object.keys(CASES).sort()).toEqual([...PASSES.keys(), "dropDead"].sort());
});

test.each(Object.entries(CASES))("%s", async (name, make) => {
  const b = createBuilder();
  const outputs = make(b).map((id, i) => ({ key: `output:${i}`, id }));
  const before = b.finish(outputs);
  const pass = PASSES.get(name) ?? dropDead;
  const after = dropDead(verify(pass(verify(before, "case")), name));
  expect(print(after)).not.toBe(print(before));
  const text = `before\n${print(before)}\nafter\n${print(after)}`;
  await expect(text).toMatchFileSnapshot(`passes/${name}.txt`);
});
