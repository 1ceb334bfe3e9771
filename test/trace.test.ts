/** @file Traces: the values are those of the equations, named by the spec; statistics count what they say; files
 *  and page have the numbers of the JSON. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import { check } from "../compiler/2-check/check.ts";
import { createPlaces } from "../compiler/3-lower/places.ts";
import { chooseEntry } from "../compiler/entry.ts";
import { interpret } from "../compiler/ir/interpret.ts";
import { createStager } from "../compiler/programs.ts";
import { noise } from "../cli/trace/input.ts";
import { BINS, statsOf } from "../cli/trace/stats.ts";
import { traceCommand } from "../cli/trace.ts";
import { type Trace, traceOf } from "../cli/trace/run.ts";
import type { Artifact } from "../runtime/artifact/artifact.ts";
import { readNpy } from "../runtime/data/readers/npy.ts";
import { elements } from "../runtime/artifact/extent.ts";
import { initialise } from "../runtime/initialise.ts";
import { bindRequest, swapped } from "../runtime/request.ts";
import { nested } from "../runtime/values.ts";
import { chromiumPath } from "./browser/browser.ts";
import { visit } from "./browser/report-page.ts";
import "./harness/all-close.ts";
import { runCommand } from "./harness/command.ts";
import { smallDims, specFiles } from "./harness/library.ts";
import { reader, specCache } from "./harness/spec.ts";

const SEED = 7;
const artifactOf = specCache();
const folder = mkdtempSync(join(tmpdir(), "cellc-trace-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** Of noise, by the float64 reference unless told otherwise. */
const traceNoise = (artifact: Artifact, backend = "reference", steps = 6): Promise<Trace> =>
  traceOf({
    artifact,
    weights: null,
    backend,
    seed: SEED,
    bound: noise(artifact, { samples: 2, steps, seed: SEED }),
  });

const named = (trace: Trace, name: string) => {
  const found = trace.values.find((v) => v.name === name && v.role !== "input");
  if (found === undefined) throw new Error(`no ${name} in the trace`);
  return found;
};

/** All kinds of equations: gates of states and inputs, memories, scalars, stabilisers. */
const CELLS = ["holt", "attention-lstm", "xlstm", "antisymmetric"].flatMap((file) => {
  const { path, entries } = specFiles("cells").find((f) => f.path === `cells/${file}.cell`)!;
  return entries.slice(0, 1).map((entry) => ({ path, entry }));
});

describe("a traced value is the value of its equation", () => {
  test.each(CELLS)("$entry.name.text", async ({ path, entry }) => {
    const name = entry.name.text;
    const dims = smallDims(entry);
    const flat = check(path, reader(path, undefined)).cells.get(name)!;
    const timed = flat.equations.filter((e) => e.timed).map((e) => e.name.text);
    const more = timed.filter((n) => !flat.outputs.some((o) => o.name === n));
    const trace = await traceNoise(artifactOf({ file: path, entry: name, dims }));
    const wanted = interpreted(path, entry, more, trace);
    const own = trace.values.filter((v) => v.role !== "input");
    expect(own.map((v) => v.name).sort()).toEqual([...timed].sort());
    for (const { name: n, data, extents } of own) {
      const [B = 0, T = 0, ...rest] = extents;
      const there = swapped({ data: wanted.get(`output:${n}`)!, shape: [T, B, ...rest] });
      expect(data).toBeAllClose(there.data, { absolute: 1e-12, relative: 1e-12 });
    }
  });
});

/** The same cell, each of `more` an output that it declares itself, by the float64 interpreter. */
function interpreted(
  path: string,
  { name: { text: name }, dims: declared }: (typeof CELLS)[number]["entry"],
  more: readonly string[],
  trace: Trace,
): ReadonlyMap<string, Float64Array> {
  const list = declared.length === 0 ? "" : `<${declared.map((d) => d.name.text).join(", ")}>`;
  const text = `import { ${name} } from "${path.replace(/\.cell$/, "")}"

cell Open${list} extends ${name}${list} {
${more.length > 0 ? `  output ${more.join(", ")}\n` : ""}}
`;
  const checked = check("./open.cell", reader("./open.cell", text));
  const { entry } = chooseEntry(checked, { file: "./open.cell", entry: "Open", dims: trace.dims });
  const { graph, build } = createStager(checked, entry!, createPlaces(checked.files)).lowered(
    {},
    false,
  );
  const { B = 1 } = trace.sizes;
  const weights = initialise(build.params, SEED);
  const inputs = trace.values.map((v): [string, Float64Array] => {
    const memory = build.inputs.find((i) => i.name === v.name)?.memory;
    const tensor = { data: v.data, shape: v.extents };
    return [`input:${v.name}`, Float64Array.from((memory ? tensor : swapped(tensor)).data)];
  });
  const starts = build.states.flatMap((s): [string, Float64Array][] => [
    [`initial:${s.name}`, new Float64Array(B * elements(s.shape)).fill(s.initial ?? 0)],
    [`given:${s.name}`, Float64Array.of(0)],
  ]);
  const params = [...weights].map(([n, w]): [string, Float64Array] => [`param:${n}`, w.data]);
  return interpret(graph, new Map([...inputs, ...starts, ...params]), trace.sizes);
}

test("values of a step satisfy the equations that the spec writes", async () => {
  const artifact = artifactOf({ file: "cells/lstm.cell", entry: "LSTM", dims: { D: 3, H: 4 } });
  const trace = await traceNoise(artifact);
  const at = (name: string) => named(trace, name).data;
  const [c, f, i, g, h, o] = ["c", "f", "i", "g", "h", "o"].map(at) as Float64Array[];
  const { extents } = named(trace, "c");
  const [, steps = 0, H = 0] = extents;
  for (let k = 0; k < c!.length; k++) {
    const before = Math.floor(k / H) % steps === 0 ? 0 : c![k - H]!;
    expect(c![k]).toBeCloseTo(f![k]! * before + i![k]! * g![k]!, 12);
    expect(h![k]).toBeCloseTo(o![k]! * Math.tanh(c![k]!), 12);
  }
});

test("wasm computes what the reference does", async () => {
  const artifact = artifactOf({
    file: "models/stacked.cell",
    entry: "Bidirectional",
    dims: { D: 3, K: 2, H: 4 },
  });
  const [exact, ours] = [await traceNoise(artifact), await traceNoise(artifact, "wasm")];
  expect(ours.backend.precision).toBe("f32");
  for (const v of exact.values)
    expect(ours.values.find((w) => w.name === v.name && w.role === v.role)!.data).toBeAllClose(
      v.data,
      { absolute: 2e-6, relative: 2e-6 },
    );
});

const TWO_LAYERS = `import { ElmanRNN } from "cells/elman"
import { MGU } from "cells/mgu"

model Two {
  input x: [T, 3]
  let e = x | bidirectional(ElmanRNN<2>)
  output y = e | backward(MGU<2>) | dense(2)
}
`;

test("layers, directions and a model's own values say which they are", async () => {
  const artifact = artifactOf({ file: "./two.cell", text: TWO_LAYERS });
  const { values } = await traceNoise(artifact);
  expect(values.map((v) => `${v.label} | ${v.role} | ${v.name}`)).toMatchInlineSnapshot(`
    [
      "x | input | x",
      "layer 1 forward: h | state | e.ElmanRNN.forward.h",
      "layer 1 backward: h | state | e.ElmanRNN.backward.h",
      "layer 2 backward: f | gate | y.MGU.f",
      "layer 2 backward: n | let | y.MGU.n",
      "layer 2 backward: h | state | y.MGU.h",
      "e | let | e",
      "y | output | y",
    ]
  `);
  const f = values.find((v) => v.label === "layer 2 backward: f")!;
  expect(f.layer).toEqual({ index: 2, cell: "MGU", direction: "backward" });
  expect(f.place).toMatchObject({ of: "gate y.MGU.f", file: "cells/mgu.cell" });
  expect(values.find((v) => v.label === "layer 1 forward: h")!.range).toEqual([-1, 1]);
});

test("what is past a sample's length is zero and counts in nothing", async () => {
  const artifact = artifactOf({ file: "cells/lstm.cell", entry: "LSTM", dims: { D: 3, H: 4 } });
  const whole = noise(artifact, { samples: 2, steps: 5, seed: SEED }).tensors.get("input:x")!;
  const x = nested(swapped(whole)) as number[][][];
  const request = (inputs: { x: number[][][] }, lengths: number[]) =>
    traceOf({
      artifact,
      weights: null,
      backend: "reference",
      seed: SEED,
      bound: (() => {
        const bound = bindRequest(artifact, { inputs, lengths });
        if (!bound.ok) throw new Error("does not bind");
        return bound.value;
      })(),
    });
  const both = await request({ x }, [5, 2]);
  const alone = await request({ x: [x[1]!.slice(0, 2)] }, [2]);
  expect(both.lengths).toEqual({ T: [5, 2] });
  for (const v of both.values.filter((v) => v.role !== "input")) {
    const own = v.data.subarray(5 * 4, 7 * 4);
    expect(own).toBeAllClose(named(alone, v.name).data, { absolute: 1e-12 });
    expect([...v.data.subarray(7 * 4)].every((n) => n === 0)).toBe(true);
    expect(v.stats.count).toBe(7 * 4);
    expect(v.stats.histogram.counts.reduce((a, b) => a + b)).toBe(7 * 4);
  }
});

test("statistics count every finite value once", () => {
  const value = fc.oneof(
    fc.double({ min: -3, max: 3, noNaN: true }),
    fc.constantFrom(0, 0.05, 0.95, 1, Number.NaN, Number.POSITIVE_INFINITY),
  );
  const numbers = fc
    .record({ samples: fc.nat(3), steps: fc.nat(4), units: fc.nat(3), cut: fc.boolean() })
    .chain((s) => {
      const count = s.samples * s.steps * s.units;
      return fc.record({
        shape: fc.constant(s),
        data: fc.array(value, { minLength: count, maxLength: count }),
        lengths: fc.array(fc.nat(s.steps), { minLength: s.samples, maxLength: s.samples }),
      });
    });
  fc.assert(
    fc.property(numbers, ({ shape, data, lengths }) => {
      const { samples, steps, units, cut } = shape;
      const own = cut ? lengths : null;
      const stats = statsOf(
        { data: Float64Array.from(data), samples, steps, units, lengths: own },
        [0, 1],
        true,
        0.05,
      );
      const inside = data.filter(
        (_, k) => Math.floor(k / units) % steps < (own?.[Math.floor(k / (units * steps))] ?? steps),
      );
      const finite = inside.filter(Number.isFinite);
      expect([stats.count, stats.nonFinite]).toEqual([
        inside.length,
        inside.length - finite.length,
      ]);
      const { edges, counts } = stats.histogram;
      expect(counts.reduce((a, b) => a + b)).toBe(finite.length);
      expect([edges.length, counts.length]).toEqual([BINS + 1, BINS]);
      const last = BINS - 1;
      for (const [i, n] of counts.entries())
        expect(n).toBe(
          finite.filter(
            (v) => v >= edges[i]! && (v < edges[i + 1]! || (i === last && v <= edges[BINS]!)),
          ).length,
        );
      const share = (of: (v: number) => boolean): number =>
        finite.length === 0 ? 0 : finite.filter(of).length / finite.length;
      expect(stats.saturation!.low).toBeCloseTo(
        share((v) => v <= 0.05),
        12,
      );
      expect(stats.saturation!.high).toBeCloseTo(
        share((v) => v >= 0.95),
        12,
      );
      if (finite.length > 0)
        expect([stats.min, stats.max]).toEqual([Math.min(...finite), Math.max(...finite)]);
    }),
    { seed: SEED, numRuns: 150 },
  );
});

interface Written {
  readonly values: readonly {
    readonly name: string;
    readonly label: string;
    readonly file: string;
    readonly extents: readonly number[];
    readonly data: unknown;
    readonly stats: Trace["values"][number]["stats"];
  }[];
}

test("the command writes JSON, arrays and a page with the same numbers", async () => {
  const out = join(folder, "trace");
  const args = ["specs/cells/lstm.cell", "--entry", "LSTM", "--set", "D=3", "--set", "H=4"];
  const { code, stdout } = await runCommand(
    traceCommand,
    "trace",
    ...args,
    ...["--steps", "20", "--samples", "2", "--backend", "wasm", "--json", "--out", out],
  );
  expect(code).toBe(0);
  const json = JSON.parse(stdout) as Written;
  expect(JSON.parse(readFileSync(join(out, "trace.json"), "utf8"))).toEqual(json);
  expect(json.values.map((v) => v.name)).toEqual(["x", "i", "f", "g", "o", "c", "h"]);
  for (const v of json.values) {
    const array = readNpy({ file: v.file, bytes: readFileSync(join(out, v.file)) });
    if (!array.ok) throw new Error(`${v.file} cannot be read`);
    expect(array.value.shape).toEqual(v.extents);
    const flat = (v.data as number[][][]).flat(2).map(Math.fround);
    expect([...array.value.data].map(Math.fround)).toEqual(flat);
  }
  const executable = chromiumPath();
  if (executable === null) return;
  const { result, faults } = await visit(executable, join(out, "trace.html"), (page) =>
    page.evaluate(() => ({
      data: JSON.parse(document.getElementById("data")!.textContent!) as unknown,
      maps: [...document.images].filter((i) => i.naturalWidth > 0).map((i) => i.alt),
      charts: [...document.querySelectorAll("svg title")].map((t) => t.textContent),
      rows: [...document.querySelectorAll("tbody tr")].map((r) =>
        [...r.children].map((c) => c.textContent),
      ),
      bars: document.querySelectorAll("svg .mark-rect path").length,
    })),
  );
  expect(faults).toEqual([]);
  const facts = json.values.map(({ data: _, ...v }) => v);
  expect((result.data as Written).values).toEqual(facts);
  expect(result.maps.filter((alt) => alt !== "from low to high")).toHaveLength(7);
  expect(result.charts.filter((t) => t?.startsWith("Histogram of"))).toHaveLength(7);
  expect(result.charts).toContain("Saturation by unit: i, f, o");
  const four = (x: number) => String(Number(x.toPrecision(4)));
  expect(result.rows.map((r) => [r[0], ...r.slice(3, 6)])).toEqual(
    json.values.map((v) => [v.label, four(v.stats.min), four(v.stats.mean), four(v.stats.max)]),
  );
});

test("mistakes are said, with the exit code of their kind", async () => {
  const cell = ["specs/cells/lstm.cell", "--entry", "LSTM", "--set", "D=3", "--set", "H=4"];
  const fails = async (...args: readonly string[]) => {
    const { code, stderr } = await runCommand(traceCommand, "trace", ...args);
    return [code, stderr.split("\n")[0]];
  };
  expect(await fails(...cell, "--saturated", "0.7")).toEqual([
    2,
    "error: option '--saturated <share>' argument '0.7' is invalid. It has to be a number between 0 and 0.5.",
  ]);
  expect(await fails(...cell, "--inputs", "a.json", "--data", "b.json")).toEqual([
    2,
    "error: --inputs and --data: give one of them",
  ]);
  expect((await fails(...cell, "--weights", join(folder, "none")))[0]).toBe(1);
  expect(await fails(...cell.slice(0, 3))).toEqual([
    1,
    "error[E303]: dim `D` of `LSTM` has no value",
  ]);
});
