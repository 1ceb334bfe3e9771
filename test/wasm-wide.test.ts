/** @file Vectors of 256 bits: the same bits as with 128 where the engine has them, a refusal where it has none. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand as add } from "../cli/run.ts";
import type { CellDecl, ModelDecl } from "../grammar/ast.ts";
import type { Artifact, Programs } from "../runtime/artifact/artifact.ts";
import { elements, shapeOf } from "../runtime/artifact/extent.ts";
import { sequences } from "../runtime/artifact/signature.ts";
import type { BackendReport, Device, Sizes, Vectors } from "../runtime/devices/device.ts";
import { wasmDevice } from "../runtime/devices/wasm.ts";
import { isWide, whyNotWide } from "../runtime/devices/wasm/wide.ts";
import { cases, point } from "../runtime/gradcheck/point.ts";
import { load } from "../runtime/index.ts";
import { type Outcome, runCommand } from "./harness/command.ts";
import { FOLDERS, smallDims, specFiles } from "./harness/library.ts";
import { probe } from "./harness/probe.ts";
import { randomCells } from "./harness/random-cells.ts";
import { type Case, type CaseTensor, runCase } from "./harness/run-case.ts";
import { compileSpec } from "./harness/spec.ts";

const missing = whyNotWide();

const withVectors = (vectors: Vectors): Device => ({
  ...wasmDevice,
  open: async (artifact) => wasmDevice.open(artifact, { vectors, threads: 1 }),
});

interface Run {
  readonly outputs: unknown;
  readonly report: BackendReport;
}

/** The program's values and gradients with 128 bits and with 256. */
async function both(
  artifact: Artifact,
  sizes: Sizes,
): Promise<readonly { readonly narrow: Run; readonly wide: Run }[]> {
  const runs = [];
  for (const one of cases(artifact, sizes)) {
    const inputs: Record<string, CaseTensor> = {};
    for (const [input, { shape, data }] of point(artifact, 0, sizes, one))
      inputs[input] = { shape, data: Array.from(data) };
    const run: Case = { name: "", artifact, program: one.gradient, sizes, inputs };
    const [narrow, wide] = [
      await runCase(withVectors(128), run),
      await runCase(withVectors(256), run),
    ];
    runs.push({ narrow, wide });
  }
  return runs;
}

const sizesOf = (artifact: Artifact, B: number, T: number): Sizes => ({
  B,
  ...Object.fromEntries(sequences(artifact).map((s, i) => [s, T + i])),
});

async function expectSame(artifact: Artifact, sizes: Sizes): Promise<void> {
  for (const { narrow, wide } of await both(artifact, sizes)) {
    expect(wide.outputs).toEqual(narrow.outputs);
    expect([narrow.report.vectors, wide.report.vectors]).toEqual([128, 256]);
  }
}

if (missing === null)
  describe("the same bits", () => {
    const entries = FOLDERS.flatMap(specFiles).flatMap(({ path, entries: list }) =>
      list.map((entry) => [entry.name.text, path, entry] as const),
    );
    test.each(entries)("%s (%s)", async (name, file, entry) => {
      for (const [H, grow, B, T] of [
        [33, 6, 7, 5],
        [24, 13, 1, 3],
      ] as const) {
        const artifact = compileSpec({ file, entry: name, dims: dimsOf(entry, H, grow) });
        await expectSame(artifact, sizesOf(artifact, B, T));
      }
    });

    test("random cells at any sizes", async () => {
      const size = fc.integer({ min: 1, max: 40 });
      await fc.assert(
        fc.asyncProperty(
          randomCells,
          fc.record({ D: size, H: size, B: size, T: fc.integer({ min: 1, max: 4 }) }),
          async (text, { D, H, B, T }) => {
            const artifact = compileSpec({
              file: "r.cell",
              text,
              entry: "Random",
              dims: { D, H },
              mayWarn: true,
            });
            await expectSame(artifact, sizesOf(artifact, B, T));
          },
        ),
        { seed: Number(process.env.FUZZ_SEED ?? 7), numRuns: Number(process.env.FUZZ_RUNS ?? 20) },
      );
    });

    test("of a stream", async () => {
      const artifact = compileSpec({
        file: "cells/lstm.cell",
        entry: "LSTM",
        dims: { D: 9, H: 33 },
      });
      const streamed = async (vectors: Vectors): Promise<readonly number[][]> => {
        const model = await load(artifact, { backend: "wasm", vectors });
        const stream = await model.stream();
        const steps = Array.from({ length: 5 }, (_, t) => {
          stream.inputs.x!.set(Array.from({ length: 9 }, (_, i) => Math.sin(t + i)));
          stream.step();
          return Array.from(stream.outputs.h!);
        });
        expect(model.backend.vectors).toBe(vectors);
        model.close();
        return steps;
      };
      expect(await streamed(256)).toEqual(await streamed(128));
    });

    test("by themselves from then on, in this process", async () => {
      const model = await load(probe(), { backend: "wasm" });
      expect([isWide(), model.backend.vectors]).toEqual([true, 256]);
      model.close();
    });

    test("with threads", async () => {
      const artifact = compileSpec({
        file: "cells/lstm.cell",
        entry: "LSTM",
        dims: { D: 9, H: 33 },
      });
      const inputs = inputsOf(artifact, "forward", { B: 24, T: 6 });
      const run: Case = { name: "", artifact, program: "forward", sizes: { B: 24, T: 6 }, inputs };
      const dealt: Device = {
        ...wasmDevice,
        open: async () => wasmDevice.open(artifact, { vectors: 256, threads: 3 }),
      };
      const [one, many] = [await runCase(withVectors(128), run), await runCase(dealt, run)];
      expect(many.outputs).toEqual(one.outputs);
      expect(many.report).toMatchObject({ vectors: 256, threads: 3 });
    });
  });
else
  describe("an engine without them", () => {
    test("refuses, and says why", async () => {
      await expect(load(probe(), { backend: "wasm", vectors: 256 })).rejects.toMatchObject({
        faults: [{ code: "R403", path: "vectors", message: expect.stringContaining(missing) }],
      });
    });

    test("goes on with 128 by itself", async () => {
      const model = await load(probe(), { backend: "wasm" });
      expect([isWide(), model.backend.vectors]).toEqual([false, 128]);
      model.close();
    });
  });

describe("cellc run --vectors", () => {
  let folder = "";
  let inputs = "";
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "cellc-"));
    inputs = join(folder, "in.json");
    writeFileSync(inputs, JSON.stringify({ inputs: { x: [[[0.1, 0.2]]] } }));
  });
  afterAll(() => rmSync(folder, { recursive: true }));
  const cellc = (...args: readonly string[]): Promise<Outcome> => {
    const spec = ["specs/cells/gru.cell", "--entry", "GRU", "--set", "D=2", "--set", "H=3"];
    return runCommand(add, "run", ...spec, "--inputs", inputs, "--backend", "wasm", ...args);
  };

  test("says what there were", async () => {
    const { code, stdout } = await cellc("--vectors", "128");
    expect([code, JSON.parse(stdout)]).toEqual([0, expect.objectContaining({ vectors: 128 })]);
  });

  test("takes 128, 256 and auto", async () => {
    const { code, stderr } = await cellc("--vectors", "64");
    expect([code, stderr]).toEqual([2, expect.stringContaining("auto, 128 or 256")]);
  });
});

test.each(["reference", "cpu"] as const)("%s has no choice of them", async (backend) => {
  await expect(load(probe(), { backend, vectors: 256 })).rejects.toMatchObject({
    faults: [{ code: "R403", path: "vectors" }],
  });
});

function inputsOf(
  artifact: Artifact,
  program: keyof Programs,
  sizes: Sizes,
): Record<string, CaseTensor> {
  const { inputs, buffers } = artifact.programs[program]!;
  return Object.fromEntries(
    inputs.map(({ name, buffer }, i) => {
      const shape = shapeOf(buffers[buffer]!.shape, sizes);
      const data = Array.from({ length: elements(shape) }, (_, k) => Math.sin(i + k));
      return [name, { shape, data }];
    }),
  );
}

function dimsOf(entry: CellDecl | ModelDecl, H: number, grow: number): Record<string, number> {
  return Object.fromEntries(
    Object.entries(smallDims(entry)).map(([name, n]) => [name, name === "H" ? H : n + grow]),
  );
}
