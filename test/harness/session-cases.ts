/** @file Several runs in one session. In: nothing. Out: cases about what outlives a run. */
import type { Program } from "../../runtime/artifact/kernel.ts";
import { add, call, lit, load, mul } from "./expr.ts";
import { programBuilder } from "./program.ts";
import { artifactOf } from "./programs.ts";
import type { Case, CaseRun } from "./run-case.ts";

export function sessionCases(): readonly Case[] {
  return [manySizes(), updates()];
}

/** More sizes than plans are kept: what the first plan made is still right at the end. */
function manySizes(): Case {
  const artifact = artifactOf(EMPTY);
  const sum = (T: number): CaseRun => ({
    program: "forward",
    sizes: { T },
    inputs: { "input:x": { shape: [T, 4], data: Array.from({ length: 4 * T }, (_, i) => i / 7) } },
  });
  const kept: CaseRun = {
    program: "start",
    sizes: {},
    inputs: { "input:seed": { shape: [4], data: [1, -2, 3, 0.5] } },
  };
  return {
    name: "a tensor outlives the plan that made it",
    artifact: {
      ...artifact,
      programs: { ...artifact.programs, start: squares(), forward: sums(), loss: both() },
    },
    before: [kept, ...Array.from({ length: 40 }, (_, i) => sum(i + 1))],
    program: "loss",
    sizes: {},
    inputs: {},
  };
}

const EMPTY: Program = { buffers: [], inputs: [], outputs: [], prepare: [], stages: [] };

function squares(): Program {
  const p = programBuilder();
  const x = p.input("input:seed", [4]);
  const y = p.kernel("y", [4], ([j]) => mul(load(x, j!), load(x, j!)));
  p.output("state:kept", y);
  return p.done();
}

function sums(): Program {
  const p = programBuilder();
  const x = p.input("input:x", ["T", 4]);
  const y = p.kernel("y", [4], ([j], total) => total(["T"], ([t]) => load(x, t!, j!)));
  p.output("output:sum", y);
  return p.done();
}

function both(): Program {
  const p = programBuilder();
  const a = p.input("state:kept", [4]);
  const b = p.input("output:sum", [4]);
  p.output(
    "output:both",
    p.kernel("both", [4], ([j]) => add(load(a, j!), load(b, j!))),
  );
  p.output("output:kept", a);
  return p.done();
}

/** An update writes a parameter that prepared stages pack: each run sees the last one. */
function updates(): Case {
  const artifact = artifactOf(EMPTY);
  const step = { program: "update", sizes: {}, inputs: {} } as const;
  const look = { program: "forward", sizes: { B: 2 }, inputs: {} } as const;
  const weights = { shape: [3, 2], data: [1, 2, 3, 4, 5, 6] };
  const x = { shape: [2, 2], data: [0.5, -1, 2, 0.25] };
  return {
    name: "prepared weights follow their parameters",
    artifact: {
      ...artifact,
      programs: { ...artifact.programs, update: halving(), forward: dense() },
    },
    before: [
      { ...look, inputs: { "param:W": weights, "input:x": x } },
      step,
      look,
      { ...look, inputs: { "param:W": { shape: [3, 2], data: [6, 5, 4, 3, 2, 1] } } },
      step,
      step,
    ],
    ...look,
  };
}

function halving(): Program {
  const p = programBuilder();
  const w = p.input("param:W", [3, 2]);
  p.output(
    "param:W",
    p.kernel("W", [3, 2], (at) => mul(lit(0.5), load(w, ...at))),
  );
  return p.done();
}

function dense(): Program {
  const p = programBuilder();
  const w = p.input("param:W", [3, 2]);
  const x = p.input("input:x", ["B", 2]);
  const turned = p.prepare("turned", [2, 3], ([k, j]) => call("exp", load(w, j!, k!)));
  const y = p.kernel("y", ["B", 3], ([b, j], sum) =>
    sum([2], ([k]) => mul(load(x, b!, k!), load(turned, k!, j!))),
  );
  p.output("output:y", y);
  return p.done();
}
