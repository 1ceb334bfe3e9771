/** @file What a program costs to run. In: a Program. Out: flops and bytes as formulas in the run-time
 *  sizes. Never a time: that depends on the device. */
import type { BufferId, Expr, Kernel, Program, Stage } from "../../runtime/artifact/kernel.ts";
import { expected } from "./cost.ts";
import { constant, type Formula, plus, times, ZERO } from "./formula.ts";
import { inner } from "./tree.ts";

export interface Count {
  /** One for each arithmetic operation, comparison or function; an index costs nothing. */
  readonly flops: Formula;
  /** 4 for each element stored and for each element of each buffer a kernel loads. */
  readonly bytes: Formula;
}

export interface ProgramCost extends Count {
  /** Kernels started by one run: those of a loop count once a step. */
  readonly kernels: Formula;
  /** What one step of each loop costs, in order. */
  readonly loops: readonly (Count & { readonly over: string; readonly kernels: number })[];
}

/** One run, `prepare` apart. */
export function costOf(program: Program): ProgramCost {
  const loops = program.stages.flatMap((s) =>
    s.kind === "scan"
      ? [{ over: s.over, kernels: s.kernels.length, ...kernelsCount(s.kernels, program) }]
      : [],
  );
  const costs = program.stages.map((s) => stageCost(s, program));
  const sum = (of: (c: (typeof costs)[number]) => Formula) => costs.map(of).reduce(plus, ZERO);
  return {
    flops: sum((c) => c.flops),
    bytes: sum((c) => c.bytes),
    kernels: sum((c) => c.kernels),
    loops,
  };
}

function stageCost(stage: Stage, program: Program): Count & { readonly kernels: Formula } {
  if (stage.kind === "kernel")
    return { ...kernelCount(stage.kernel, program), kernels: constant(1) };
  const { flops, bytes } = kernelsCount(stage.kernels, program);
  const steps = [stage.over];
  return {
    flops: times(flops, steps),
    bytes: times(bytes, steps),
    kernels: times(constant(stage.kernels.length), steps),
  };
}

function kernelsCount(kernels: readonly Kernel[], program: Program): Count {
  const counts = kernels.map((k) => kernelCount(k, program));
  return {
    flops: counts.map((c) => c.flops).reduce(plus, ZERO),
    bytes: counts.map((c) => c.bytes).reduce(plus, ZERO),
  };
}

/** Selects count as choosing: one side of a select on an index, both of one on data. */
export function kernelCount(k: Kernel, program: Program): Count {
  const flopsOf = (e: Expr, extents: Kernel["axes"]) =>
    constant(expected(e, extents, { load: 0, call: (fn) => (fn === "select" ? 0 : 1) }));
  const value = times(flopsOf(k.value, k.axes), k.axes);
  const reductions = k.reductions.map((r) =>
    times(plus(flopsOf(r.of, []), constant(1)), [...k.axes, ...r.extents]),
  );
  const touched = [k.out, ...loadsOf(k)].map((id) =>
    times(constant(4), program.buffers[id]?.shape ?? []),
  );
  return { flops: reductions.reduce(plus, value), bytes: touched.reduce(plus, ZERO) };
}

/** Buffers a kernel loads, in the order they are first named. */
export function loadsOf(k: Kernel): ReadonlySet<BufferId> {
  const found = new Set<BufferId>();
  const seen = new Set<Expr>();
  const visit = (e: Expr): void => {
    if (seen.has(e)) return;
    seen.add(e);
    if ("load" in e) found.add(e.load);
    for (const x of inner(e)) visit(x);
  };
  for (const r of k.reductions) visit(r.of);
  visit(k.value);
  return found;
}
