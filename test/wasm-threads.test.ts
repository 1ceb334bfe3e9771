/** @file Threads of the wasm device: the same bits from any number of them, at any sizes. */
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { elements } from "../runtime/artifact/extent.ts";
import type { Artifact } from "../runtime/artifact/artifact.ts";
import type { KernelStage, ScanStage } from "../runtime/artifact/kernel.ts";
import { sequences } from "../runtime/artifact/signature.ts";
import type { Sizes } from "../runtime/devices/device.ts";
import { wasmDevice } from "../runtime/devices/wasm.ts";
import { aheadOf } from "../runtime/devices/wasm/ahead.ts";
import { layoutOf } from "../runtime/devices/wasm/layout.ts";
import { readBy, writtenBy } from "../runtime/devices/wasm/meetings.ts";
import { programCode } from "../runtime/devices/wasm/program-code.ts";
import { MODE } from "../runtime/devices/wasm/frame.ts";
import { planOf, type Worth, WORTH } from "../runtime/devices/wasm/plan.ts";
import { createSession } from "../runtime/devices/wasm/session.ts";
import { cases as gradcheckCases, point } from "../runtime/gradcheck/point.ts";
import { load } from "../runtime/index.ts";
import { FOLDERS, smallDims, specFiles } from "./harness/library.ts";
import { probe } from "./harness/probe.ts";
import { add, lit, load as at, mul } from "./harness/expr.ts";
import { programBuilder } from "./harness/program.ts";
import { artifactOf, cases } from "./harness/programs.ts";
import { type Case, type CaseRun, type CaseTensor, runCase } from "./harness/run-case.ts";
import { compileSpec } from "./harness/spec.ts";
import { ALL, dealing, sines } from "./harness/threads.ts";

/** Of many programs alike at different sizes one in five, which takes every kind. */
const byHand = cases().filter((_, i) => i % 5 === 0);

describe("programs by hand", () => {
  test.each(byHand.map((c, i) => [c.name, c, 2 + (i % 3)] as const))("%s", async (_, c, n) => {
    const [one, many] = [await runCase(dealing(1), c), await runCase(dealing(n), c)];
    expect(many.outputs).toEqual(one.outputs);
    expect(one.report.threads).toBe(1);
  });
});

const entries = FOLDERS.flatMap(specFiles).flatMap(({ path, entries: list }) =>
  list.map((decl) => ({ path, decl, name: decl.name.text })),
);
/** Sums over samples in every step; two directions; a memory; states that are matrices. */
const CHOSEN = ["SecondOrderRNN", "Translator", "Bidirectional", "AttentionLSTM", "MLSTM"];
const chosen = entries.filter((e, i) => CHOSEN.includes(e.name) || i % 12 === 5);

describe("specs", () => {
  test("the chosen few are in the library", () => {
    expect(CHOSEN.filter((name) => !entries.some((e) => e.name === name))).toEqual([]);
  });

  test.each(chosen.map((e) => [e.name, e] as const))("%s", async (name, { path, decl }) => {
    const grow = (dim: string, n: number): number => (dim === "H" ? 17 : n + 1);
    const dims = Object.fromEntries(
      Object.entries(smallDims(decl)).map(([dim, n]) => [dim, grow(dim, n)]),
    );
    const artifact = compileSpec({ file: path, entry: name, dims });
    const sizes = fc.record({
      B: fc.constantFrom(1, 3, 8, 9, 14),
      T: fc.integer({ min: 1, max: 5 }),
    });
    const many = fc.integer({ min: 2, max: 4 });
    await fc.assert(
      fc.asyncProperty(sizes, many, fc.boolean(), async ({ B, T }, threads, masked) => {
        const at: Sizes = {
          B,
          ...Object.fromEntries(sequences(artifact).map((s, i) => [s, T + i])),
        };
        const found = gradcheckCases(artifact, at);
        const one = found.find((c) => c.gradient.endsWith("Masked") === masked) ?? found[0]!;
        const inputs: Record<string, CaseTensor> = {};
        for (const [input, { shape, data }] of point(artifact, 0, at, one))
          inputs[input] = { shape, data: Array.from(data) };
        const run: Case = { name, artifact, program: one.gradient, sizes: at, inputs };
        const [alone, dealt] = [
          await runCase(dealing(1), run),
          await runCase(dealing(threads), run),
        ];
        expect(dealt.outputs).toEqual(alone.outputs);
        expect(dealt.report.threads).toBe(threads);
      }),
      { seed: 5, numRuns: 2 },
    );
  });
});

/** Threads that do not meet between two stages may be in both. */
describe("what stages share", () => {
  const sizesOf = (artifact: Artifact): Sizes => ({
    B: 9,
    ...Object.fromEntries(sequences(artifact).map((s, i) => [s, 3 + i])),
  });
  test.each(entries.map((e) => [e.name, e] as const))("%s", (entry, { path, decl }) => {
    const artifact = compileSpec({ file: path, entry, dims: smallDims(decl) });
    const sizes = sizesOf(artifact);
    for (const [name, program] of Object.entries(artifact.programs)) {
      if (program === null) continue;
      const plan = planOf(program, sizes, 2, ALL);
      if (plan.threads === 1) continue;
      const stages = plan.stages.slice(program.prepare.length + 1);
      /** Do threads meet after one of the stages from `first` on, before `last`? */
      const meet = (first: number, last: number): boolean =>
        stages.slice(first, last).some((s) => (s.mode & MODE.meet) !== 0);
      const isSideBySide = (i: number, k: number): boolean =>
        k === i + 1 && [i, k].every((at) => (stages[at]!.mode & MODE.ahead) !== 0);
      for (const [k, stage] of program.stages.entries()) {
        const read = new Set(readBy(stage));
        for (const [i, before] of program.stages.slice(0, k).entries()) {
          if (!writtenBy(before).some((id) => read.has(id)) || isSideBySide(i, k)) continue;
          expect(meet(i, k), `${name}: stage ${k} reads what ${i} writes`).toBe(true);
        }
      }
      const { storage } = programCode(program, { fused: false, tiles: "large", shared: true });
      const { offsets, bytes } = layoutOf(storage, sizes);
      const placed = storage.flatMap(({ place }, id) =>
        place.kind === "arena"
          ? [{ ...place, at: offsets[id]!, end: offsets[id]! + bytes[id]! }]
          : [],
      );
      for (const p of placed)
        for (const q of placed)
          if (p.to < q.from && p.at < q.end && q.at < p.end)
            expect(meet(p.to, q.from), `${name}: memory of ${p.to} is given to ${q.from}`).toBe(
              true,
            );
    }
  });
});

/** Kernels before a scan of few samples are computed while the scan goes on, some 48 rows at a time. */
describe("ahead of a scan", () => {
  const worth: Worth = { ...ALL, step: 2 ** 40 };
  const runs = (["forward", "backward"] as const).flatMap((direction) =>
    [1, 3].flatMap((B) => [1, 47, 200].map((T) => ({ direction, B, T }))),
  );
  test.each(runs)("$direction, B = $B, T = $T", async ({ direction, B, T }) => {
    const file = "cells/lstm.cell";
    const artifact = compileSpec({ file, entry: "LSTM", dims: { D: 6, H: 17 }, direction });
    const sizes = { B, T };
    const { stages } = planOf(artifact.programs.forward, sizes, 3, worth);
    expect(stages.filter((s) => (s.mode & MODE.ahead) !== 0)).toHaveLength(2);
    const inputs = sines(artifact.programs.forward, sizes);
    const run: CaseRun = { program: "forward", sizes, inputs };
    const twice: Case = { name: "LSTM", artifact, before: [run], ...run };
    const [one, ...many] = await Promise.all(
      [1, 2, 3].map((threads) => runCase(dealing(threads, worth), twice)),
    );
    for (const { outputs, report } of many) {
      expect(outputs).toEqual(one!.outputs);
      expect(report.threads).toBeGreaterThan(1);
    }
  });

  test("what such a kernel packs is packed before it", async () => {
    const p = programBuilder();
    const x = p.input("input:x", ["T", "B", 8]);
    const m = p.input("input:m", [24, 8]);
    const h0 = p.input("initial:h", ["B", 24]);
    const u = p.input("param:U", [24, 24]);
    const w = p.kernel("w", [24, 8], (v) => mul(lit(0.5), at(m, ...v)));
    const rows = p.kernel("rows", ["T", "B", 24], ([t, b, j], sum) =>
      sum([8], ([k]) => mul(at(w, j!, k!), at(x, t!, b!, k!))),
    );
    const last = p.scan("T", false, (s) => {
      const h = s.carry("h", h0);
      const row = s.slice(rows);
      const next = s.kernel("next", ["B", 24], ([b, j], sum) =>
        add(
          at(row, b!, j!),
          sum([24], ([k]) => mul(at(u, j!, k!), at(h, b!, k!))),
        ),
      );
      s.next(h, next);
      return s.final(h);
    });
    p.output("output:last", last);
    const artifact = artifactOf(p.done());
    const inputs: Record<string, CaseTensor> = {};
    const shapes = {
      "input:x": [300, 2, 8],
      "input:m": [24, 8],
      "initial:h": [2, 24],
      "param:U": [24, 24],
    };
    for (const [name, shape] of Object.entries(shapes))
      inputs[name] = {
        shape,
        data: Array.from({ length: elements(shape) }, (_, i) => 0.04 * Math.cos(i)),
      };
    const sizes = { B: 2, T: 300 };
    const run: CaseRun = { program: "forward", sizes, inputs };
    const { stages } = planOf(artifact.programs.forward, sizes, 4, worth);
    expect(stages.map((s) => (s.mode & MODE.ahead) !== 0).filter(Boolean)).toHaveLength(2);
    const again: Case = { name: "packed", artifact, before: Array(20).fill(run), ...run };
    const [one, many] = [
      await runCase(dealing(1, worth), again),
      await runCase(dealing(4, worth), again),
    ];
    expect(many.outputs).toEqual(one.outputs);
  });

  test("a scan that does not take its steps waits", () => {
    const { programs } = compileSpec({
      file: "cells/lstm.cell",
      entry: "LSTM",
      dims: { D: 6, H: 17 },
    });
    const { forward } = programs;
    const stages = forward.stages.map((s) => s.kind);
    expect(stages).toEqual(["kernel", "scan"]);
    expect(aheadOf(forward, 0)).toMatchObject({ reverse: false });
    expect(aheadOf(forward, 1)).toBeNull();
    const [kernel, scan] = forward.stages as readonly [KernelStage, ScanStage];
    const whole = { ...scan, slices: [] };
    expect(aheadOf({ ...forward, stages: [kernel, whole] }, 0)).toBeNull();
  });
});

describe("a session", () => {
  test("goes on with what it stored when threads join, and learns more programs", async () => {
    const c = byHand.find(({ name }) => name.startsWith("recurrence forward"))!;
    const session = createSession(c.artifact, {
      fused: false,
      tiles: "small",
      threads: 2,
      worth: { ...ALL, program: 1000 },
    });
    const outputs = async (B: number, T: number): Promise<readonly number[]> => {
      const shapeAt = (buffer: number) =>
        c.artifact.programs.forward.buffers[buffer]!.shape.map((e) =>
          typeof e === "number" ? e : { B, T }[e]!,
        );
      for (const { name, buffer } of c.artifact.programs.forward.inputs) {
        const shape = shapeAt(buffer);
        if (name.startsWith("param:") && B > 1) continue; // written once, in the first memory
        const count = shape.reduce((a, b) => a * b, 1);
        const data = Float64Array.from({ length: count }, (_, i) => Math.sin(i));
        session.write(name, data, shape);
      }
      await session.run("forward", { B, T });
      return Array.from(await session.read(c.artifact.programs.forward.outputs[0]!.name));
    };
    const first = await outputs(1, 1);
    expect(session.report().threads).toBe(1);
    await outputs(32, 20);
    expect(session.report().threads).toBe(2);
    expect(await outputs(1, 1)).toEqual(first);
    session.close();
    await expect(session.run("forward", { B: 1, T: 1 })).rejects.toThrow(/closed/);
  });

  test("of few numbers stays with one thread", async () => {
    const one = await runCase(dealing(4, { ...WORTH, program: 0 }), byHand[0]!);
    expect(one.report.threads).toBe(1);
  });

  test.each([0, 1.5, 33])("refuses %d threads", async (threads) => {
    await expect(wasmDevice.open(probe(), { threads })).rejects.toMatchObject({ code: "R402" });
  });

  test("says where threads cannot be had; auto goes on with one and says so", async () => {
    const { SharedArrayBuffer: kept } = globalThis;
    try {
      Reflect.deleteProperty(globalThis, "SharedArrayBuffer");
      await expect(load(probe(), { backend: "wasm", threads: 2 })).rejects.toMatchObject({
        faults: [{ code: "R402", path: "threads" }],
      });
      const model = await load(probe(), { backend: "wasm" });
      expect(model.backend).toMatchObject({ threads: 1 });
      expect(model.backend.executor).toMatch(/one thread: .*cross-origin isolated/);
      model.close();
    } finally {
      globalThis.SharedArrayBuffer = kept;
    }
  });
});
