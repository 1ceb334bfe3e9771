/** @file Programs of every spec: sound after each pass, the same whatever a run's length is. */
import { describe, expect, test } from "vitest";
import { lower } from "../compiler/3-lower/lower.ts";
import { createPlaces } from "../compiler/3-lower/places.ts";
import { dropDead } from "../compiler/5-optimise/drop-dead.ts";
import { BACKWARD, FORWARD, type Pass } from "../compiler/5-optimise/passes.ts";
import { compile } from "../compiler/compile.ts";
import type { Graph } from "../compiler/ir/ir.ts";
import { print } from "../compiler/ir/print.ts";
import { verify } from "../compiler/ir/verify.ts";
import { createStager, type Stages } from "../compiler/programs.ts";
import { FOLDERS, smallDims, specFiles } from "./harness/library.ts";
import { compileSpec, reader } from "./harness/spec.ts";

/** What compiling verifies once, verified after every pass. */
function soundly(passes: readonly Pass[], start: Graph): Graph {
  return passes.reduce((g, pass) => dropDead(verify(pass(g), pass.name)), start);
}

const OPTIONS = { masked: true, streaming: false, slots: true, taps: false };

const ENTRIES = FOLDERS.flatMap(specFiles).flatMap(({ path, entries }) =>
  entries.map((entry) => [entry.name.text, path, entry] as const),
);

describe.each(ENTRIES)("%s", (name, path, decl) => {
  const dims = smallDims(decl);
  const { checked, entry } = compile({
    file: path,
    read: reader(path, undefined),
    entry: name,
    dims,
  });
  const stager = createStager(checked, entry!, createPlaces(checked.files));

  test.each(["forwardMasked", "step"] as const)("%s is sound after each pass", (program) => {
    const stages: Stages | null = stager.stages(program);
    if (stages === null) return;
    expect(print(soundly(FORWARD, stages.lowered))).toBe(print(stages.optimised));
  });

  test("training without anything random is inference", () => {
    const loss = entry!.train !== null;
    const places = () => createPlaces(checked.files);
    const lowered = (mode: "inference" | "training") =>
      lower(checked, entry!, { ...OPTIONS, mode }, places(), loss);
    const { build, graph } = lowered("training");
    if (build.randoms.length > 0) return;
    expect(print(graph)).toBe(print(lowered("inference").graph));
  });

  test("so are its gradients", () => {
    const stages = stager.stages("trainMasked") ?? stager.stages("gradientMasked");
    const { differentiated, optimised } = stages!;
    expect(print(soundly(BACKWARD, differentiated!))).toBe(print(optimised));
  });
});

test("a run's length is in no program: truncation after 16 steps or 4096 is the same kernels", () => {
  const spec = (steps: number) => `import { PeepholeLSTM } from "cells/peephole"
model M<D, H> {
  input x: [T, D]
  output y = x | forward(PeepholeLSTM<H>) | dense(1)
}
train M {
  loss mse(y, z: [T, 1])
  truncate ${steps}
}
`;
  const dims = { D: 3, H: 4 };
  const programs = [16, 4096].map(
    (steps) => compileSpec({ file: "m.cell", text: spec(steps), entry: "M", dims }).programs,
  );
  expect(programs[1]).toEqual(programs[0]);
  const kernels = Object.values(programs[0]!).flatMap((p) => p?.stages ?? []);
  expect(kernels.length).toBeGreaterThan(10);
});
