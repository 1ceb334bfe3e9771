/** @file Measurements of how far states reach: against differences of the interpreter for every cell of the library,
 *  against full singular value decompositions, and of recurrences whose norms are known. */
import fc from "fast-check";
import { Matrix } from "ml-matrix";
import { describe, expect, test } from "vitest";
import { compressed } from "../cli/analyse/compress.ts";
import { noise } from "../cli/analyse/inputs.ts";
import { lyapunov } from "../cli/analyse/lyapunov.ts";
import { enteringOf } from "../cli/analyse/measure.ts";
import { reach } from "../cli/analyse/reach.ts";
import { halfLife } from "../cli/analyse/report.ts";
import { all } from "../cli/analyse/rows.ts";
import type { LoopSession, Run } from "../cli/analyse/session.ts";
import { topSingular } from "../cli/analyse/top-singular.ts";
import { differentiate } from "../compiler/4-differentiate/differentiate.ts";
import { interpret } from "../compiler/ir/interpret.ts";
import { wholeType } from "../compiler/ops/whole.ts";
import { wasmDevice } from "../runtime/devices/wasm.ts";
import { random } from "../runtime/random.ts";
import { smallDims, specFiles } from "./harness/library.ts";
import { norm2, type Opened, openSpec, products, runOf, weightsOf } from "./harness/reach.ts";

const zeros = (session: LoopSession) => session.m.slots.map((s) => new Float64Array(s.size));

function normsOf(session: LoopSession, run: Run, of = all(session.m.slots), to = of) {
  return reach(session, run, { rows: of, columns: to }, zeros(session), () => {});
}

/** Which slots are of a state. */
const slotsOf = ({ loop }: Opened, state: string) => loop.slots.map((s) => s.state === state);

describe.each(specFiles("cells").map((f) => [f.path, f] as const))("%s", (path, file) => {
  test.each(file.entries.map((e) => [e.name.text, e] as const))(
    "%s: products of Jacobians are derivatives by the state at the start",
    async (entry, decl) => {
      const opened = await openSpec({ file: path, entry, dims: smallDims(decl) });
      const T = 2;
      const start = new Map(
        opened.loop.graph.nodes.flatMap((n) => {
          if (n.kind !== "leaf" || !/^(param|input|initial|given):/.test(n.key)) return [];
          const sizes = { B: 1, T, S: 16 };
          const shape = [...wholeType(n.type, sizes).extents];
          const length = shape.reduce((a, b) => a * b, 1);
          const { uniform } = random(3, n.key);
          const value = n.key.startsWith("given:") ? () => 1 : () => 2 * uniform() - 1;
          return [[n.key, { data: Float64Array.from({ length }, value), shape }] as const];
        }),
      );
      const run = await runOf(opened, T, 3, start);
      const found = (await products(opened.session, run)).at(-1)!;
      const wanted = differences(opened, new Map([...start].map(([k, v]) => [k, v.data])), T);
      const scale = Math.max(1, wanted.max());
      expect(Matrix.sub(found, wanted).abs().max() / scale).toBeLessThan(1e-6);
      const { norms } = await normsOf(opened.session, run);
      const norm = norm2(wanted);
      expect(Math.abs(Math.exp(norms.at(-1)!) - norm)).toBeLessThanOrEqual(1e-6 * norm);
    },
  );
});

/** ∂(all states after T steps)/∂(all states before them) by central differences. */
function differences(
  { loop }: Opened,
  values: ReadonlyMap<string, Float64Array>,
  T: number,
): Matrix {
  const name = (s: { readonly state: string; readonly lag: number }) =>
    `${loop.prefix}${s.state}${s.lag === 1 ? "" : `#${s.lag}`}`;
  const outputs = loop.slots.map((s) => {
    const key = `final:${name(s)}`;
    return loop.graph.outputs.find((o) => o.key === key)!;
  });
  const after = (at: ReadonlyMap<string, Float64Array>): readonly number[] => {
    const found = interpret({ ...loop.graph, outputs }, at, { B: 1, T, S: 16 });
    return outputs.flatMap((o) => [...found.get(o.key)!]);
  };
  const columns = loop.slots.flatMap((s) => {
    const key = `initial:${name(s)}`;
    const at = values.get(key)!;
    return [...at].map((x, k) => {
      const h = 1e-6;
      const [up, down] = [x + h, x - h].map((v) => after(new Map(values).set(key, at.with(k, v))));
      return up!.map((v, i) => (v - down![i]!) / (2 * h));
    });
  });
  return new Matrix(columns).transpose();
}

describe("norms against full decompositions", () => {
  const cases = [
    ["cells/lstm.cell", "LSTM", { D: 3, H: 6 }],
    ["cells/higher-order.cell", "SecondOrderRNN", { D: 3, H: 6 }],
    ["cells/xlstm.cell", "SLSTM", { D: 3, H: 4 }],
    ["cells/gru.cell", "GRU", { D: 3, H: 8 }],
  ] as const;
  test.each(cases)("%s %s", async (file, entry, dims) => {
    const opened = await openSpec({ file, entry, dims });
    const run = await runOf(opened, 60, 5);
    const wanted = (await products(opened.session, run)).map((m) => Math.log(norm2(m)));
    const { norms } = await normsOf(opened.session, run);
    for (const [k, x] of wanted.entries()) expect(norms[k]! - x, `lag ${k + 1}`).toBeCloseTo(0, 8);
  });

  test("float32 agrees to 1e-4 over 200 steps", async () => {
    const request = { file: "cells/lstm.cell", entry: "LSTM", dims: { D: 3, H: 12 } };
    const [exact, quick] = [await openSpec(request), await openSpec(request, wasmDevice)];
    const [a, b] = await Promise.all(
      [exact, quick].map(async (o) => normsOf(o.session, await runOf(o, 200, 2))),
    );
    for (const [k, x] of a!.norms.entries()) expect(Math.abs(b!.norms[k]! - x)).toBeLessThan(1e-4);
  });

  test("subspace iteration finds them where not every row is taken back", async () => {
    const request = { file: "cells/lstm.cell", entry: "LSTM", dims: { D: 3, H: 12 } };
    const opened = await openSpec(request, undefined, true);
    const run = await runOf(opened, 40, 5);
    const every = { rows: all(opened.session.m.slots), columns: all(opened.session.m.slots) };
    const nothing = zeros(opened.session);
    const found = await reach(opened.session, run, every, nothing, () => {}, 16);
    const wanted = await normsOf(opened.session, run);
    expect(found.directions).not.toBeNull();
    for (const [k, x] of wanted.norms.entries()) {
      expect(found.norms[k]! - x, `lag ${k + 1}`).toBeLessThan(1e-9);
      expect(x - found.norms[k]!, `lag ${k + 1}`).toBeLessThan(0.01);
    }
  });

  test("of one state by another", async () => {
    const opened = await openSpec({ file: "cells/lstm.cell", entry: "LSTM", dims: { D: 3, H: 5 } });
    const run = await runOf(opened, 12, 5);
    const [h, c] = [slotsOf(opened, "h"), slotsOf(opened, "c")];
    const { norms } = await normsOf(opened.session, run, h, c);
    const [m] = (await products(opened.session, run)).slice(-1);
    expect(norms.at(-1)).toBeCloseTo(Math.log(norm2(m!.subMatrix(0, 4, 5, 9))), 8);
  });
});

describe("known recurrences", () => {
  const cell = (body: string) =>
    `cell C<H> {\n  input x: [H]\n  state h: [H] = 0\n${body}\n  output h\n}\n`;
  const open = (text: string, H: number) => openSpec({ file: "c.cell", text, dims: { H } });

  test("a linear recurrence with an orthogonal matrix keeps norm 1", async () => {
    const opened = await open(
      cell("  param U: [H, H] ~ orthogonal\n  h[t] = U @ h[t-1] + x[t]"),
      12,
    );
    const { norms } = await normsOf(opened.session, await runOf(opened, 400, 1));
    expect(Math.max(...norms.map(Math.abs))).toBeLessThan(1e-9);
  });

  test("tanh units with γ‖U‖ = 0.9 fall as 0.9^lag or faster", async () => {
    const opened = await open(
      cell("  param U: [H, H] ~ orthogonal\n  h[t] = tanh(0.9 * (U @ h[t-1]) + x[t])"),
      12,
    );
    const { norms } = await normsOf(opened.session, await runOf(opened, 400, 1));
    for (const [k, x] of norms.entries()) expect(x).toBeLessThanOrEqual((k + 1) * Math.log(0.9));
  });

  const held = `cell Held<D, H> {
  input x: [D]
  state h, c: [H] = 0
  param W_i, W_g, W_o: [H, D] ~ glorot_uniform
  param b_f: [H] ~ const(40)
  gate i[t] = sigmoid(W_i @ x[t])
  gate f[t] = sigmoid(b_f)
  let g[t] = tanh(W_g @ x[t])
  gate o[t] = sigmoid(W_o @ x[t])
  c[t] = f[t] * c[t-1] + i[t] * g[t]
  h[t] = o[t] * tanh(c[t])
  output h
}
`;
  test.each([["float64"], ["float32"]])(
    "a memory whose forget gate is held at 1 keeps norm 1 over 1,000 steps, %s",
    async (precision) => {
      const request = { file: "c.cell", text: held, dims: { D: 3, H: 8 } };
      const opened = await openSpec(request, precision === "float32" ? wasmDevice : undefined);
      const c = slotsOf(opened, "c");
      const { norms } = await normsOf(opened.session, await runOf(opened, 1000, 1), c, c);
      expect(norms).toHaveLength(1000);
      expect(Math.max(...norms.map((x) => Math.abs(Math.exp(x) - 1)))).toBeLessThan(1e-6);
    },
  );

  test("norms beyond float64's range, and exactly 0", async () => {
    const growing = await open(cell("  h[t] = 30 * h[t-1] + x[t]"), 3);
    const grown = await normsOf(growing.session, await runOf(growing, 400, 1));
    // The state itself stays finite: its derivative does not depend on it.
    expect(grown.norms[399]).toBeCloseTo(400 * Math.log(30), 8);
    const cut = await open(cell("  h[t] = 0 * h[t-1] + x[t]"), 3);
    expect((await normsOf(cut.session, await runOf(cut, 3, 1))).norms).toEqual(
      [1, 2, 3].map(() => Number.NEGATIVE_INFINITY),
    );
  });

  test("Lyapunov exponents of independent units are their logarithms", async () => {
    const text = cell("  param u: [H] ~ uniform(0.2, 1.2)\n  h[t] = u * h[t-1] + x[t]");
    const opened = await open(text, 5);
    const u = new Map([
      ["param:u", { data: Float64Array.of(1.1, 0.3, 0.8, 0.5, 0.95), shape: [5] }],
    ]);
    const found = await lyapunov(opened.session, await runOf(opened, 300, 1, u), 3);
    for (const [k, x] of [1.1, 0.95, 0.8].entries()) expect(found[k]).toBeCloseTo(Math.log(x), 4);
  });
});

test("the gradient of a loss at the last step is that of the whole model by its start", async () => {
  const text = `import { LSTM } from "cells/lstm"
model M<D, H> {
  input x: [T, D]
  output y = x | forward(LSTM<H>) | last | dense(1)
}
train M {
  loss mse(y, target: [1])
}
`;
  const opened = await openSpec({ file: "./m.cell", text, entry: "M", dims: { D: 2, H: 4 } });
  const { session, loop } = opened;
  const run = await runOf(opened, 9, 4);
  const entering = await enteringOf(session, run, true);
  const choice = { rows: all(session.m.slots), columns: all(session.m.slots) };
  const { gradient } = await reach(session, run, choice, entering, () => {});
  const wrt = loop.slots.map((s) => `initial:${loop.prefix}${s.state}`);
  const { values, sizes } = noise(opened.artifact, "T", 9, 4);
  const inputs = new Map([
    ...[...values].map(([k, v]) => [k, Float64Array.from(v.data)] as const),
    ...[...weightsOf(opened.artifact, 4)].map(([k, v]) => [`param:${k}`, v] as const),
  ]);
  const types = new Map(
    loop.graph.nodes.flatMap((n) => (n.kind === "leaf" ? [[n.key, n.type] as const] : [])),
  );
  const whole = differentiate(
    loop.graph,
    [{ output: "loss", leaf: null }],
    wrt.map((key) => ({ key, type: types.get(key)! })),
  );
  const found = interpret(whole, inputs, { ...sizes, B: 1 });
  const squares = wrt.flatMap((key) => [...found.get(`grad:${key}`)!].map((x) => x * x));
  expect(Math.exp(gradient.at(-1)!)).toBeCloseTo(Math.sqrt(squares.reduce((a, b) => a + b, 0)), 10);
  expect(Math.exp(gradient.at(-1)!)).toBeGreaterThan(0);
});

test("half-life: the lag from which on the gradient is at or below half, on its logarithm's line", () => {
  const logs = (f: (lag: number) => number) =>
    Array.from({ length: 20 }, (_, k) => Math.log(f(k + 1)));
  expect(halfLife(logs((lag) => 2 ** (-lag / 3)))).toBeCloseTo(3, 10);
  expect(halfLife(logs(() => 1))).toBeNull();
  expect(halfLife(logs((lag) => (lag < 5 ? 1 : 0)))).toBe(3);
  expect(halfLife([Number.NEGATIVE_INFINITY])).toBeNull();
});

describe("singular values", () => {
  const matrices = fc
    .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.nat())
    .map(([rows, columns, seed]) => {
      const { normal } = random(seed, "matrix");
      const scales = Array.from({ length: columns }, (_, j) => 10 ** (-j * (seed % 4)));
      const data = Float64Array.from(
        { length: rows * columns },
        (_, k) => normal() * scales[k % columns]!,
      );
      return { data, rows, columns };
    });
  const svd = (data: Float64Array, rows: number, columns: number) =>
    norm2(Matrix.from1DArray(rows, columns, [...data]));
  test("the largest is that of a full decomposition", () => {
    fc.assert(
      fc.property(matrices, ({ data, rows, columns }) => {
        const { normal } = random(1, "start");
        const start = Float64Array.from({ length: columns }, normal);
        const { value } = topSingular(data, rows, columns, start);
        expect(value / svd(data, rows, columns)).toBeCloseTo(1, 9);
      }),
      { seed: 1, numRuns: 120 },
    );
  });
  test("fewer rows have the same norm after any product", () => {
    fc.assert(
      fc.property(matrices, fc.nat(), ({ data, rows, columns }, seed) => {
        const less = compressed(data, rows, columns, 1e-15);
        if (less === null) return;
        expect(less.rows).toBeLessThanOrEqual(Math.min(rows, columns));
        const { normal } = random(seed, "after");
        const after = Matrix.from1DArray(
          columns,
          columns,
          Array.from({ length: columns ** 2 }, normal),
        );
        const times = (d: Float64Array, r: number) =>
          norm2(Matrix.from1DArray(r, columns, [...d]).mmul(after));
        expect(times(less.data, less.rows) / times(data, rows)).toBeCloseTo(1, 9);
      }),
      { seed: 1, numRuns: 80 },
    );
  });
});
