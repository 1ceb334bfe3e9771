/** @file Everything that is counted of an entry, by name. In: its programs. Out: formulas in B and the lengths of
 *  sequences. Numbers are those of the programs that an artifact has. */
import type { Kernel, Program } from "../../runtime/artifact/kernel.ts";
import { costOf, kernelCount } from "../6-schedule/count.ts";
import { constant, type Formula, plus, times, ZERO } from "../6-schedule/formula.ts";
import { extentsOf, kernelDepth, operationDepth, type Term } from "./depth.ts";
import type { Named } from "./fit.ts";
import { memoryOf, peak } from "./memory.ts";

/** The programs whose cost is told; `training` is `train`, or `gradient` where there is no train block. */
export interface ProgramSet {
  readonly forward: Program;
  readonly step: Program | null;
  readonly training: Program;
}

/** Chosen once for the same kernels, at nominal sizes: which stage keeps most, what the longest chains pass. */
export interface Choice {
  readonly trainingStage: number;
  readonly stepStage: number;
  readonly kernels: readonly Term[];
  readonly operations: readonly Term[];
  /** The sums that `operations` names; the figures have their terms as `sum 0`, `sum 1`, … */
  readonly sums: readonly NonNullable<Term["sum"]>[];
}

export function choiceOf(set: ProgramSet, sizes: Readonly<Record<string, number>>): Choice {
  const operations = operationDepth(set.forward, sizes).terms;
  return {
    trainingStage: peak(memoryOf(set.training), sizes),
    stepStage: set.step === null ? -1 : peak(memoryOf(set.step), sizes),
    kernels: kernelDepth(set.forward, sizes).terms,
    operations,
    sums: operations.flatMap((t) => (t.sum === null ? [] : [t.sum])),
  };
}

export function figuresOf(set: ProgramSet, choice: Choice): Named<Formula> {
  const { forward, step, training } = set;
  const held = memoryOf(training);
  const shapes = paramShapes(training);
  return {
    parameters: shapes.map(({ shape }) => times(constant(1), shape)).reduce(plus, ZERO),
    ...Object.fromEntries(
      shapes.flatMap(({ name, shape }) =>
        shape.map((e, axis) => [`shape ${name} ${axis}`, times(constant(1), [e])]),
      ),
    ),
    ...work("forward", forward),
    ...work("training", training),
    "training fixed": held.fixed,
    "training history": held.stages[choice.trainingStage] ?? ZERO,
    "carried state": bytesOf(training, training.outputs, "final:"),
    ...(step === null ? {} : { ...work("step", step), ...stepMemory(step, choice.stepStage) }),
    "width in": widths(forward, forward.inputs, "input:"),
    "width out": widths(forward, forward.outputs, "output:"),
    ...Object.fromEntries(
      choice.sums.map((sum, i) => [`sum ${i}`, times(constant(1), extentsOf(forward, sum))]),
    ),
  };
}

/** Names and shapes of the parameters: what gradients are of. */
export function paramShapes({ outputs, buffers }: Program) {
  const prefix = "grad:param:";
  return outputs.flatMap(({ name, buffer }) =>
    name.startsWith(prefix)
      ? [{ name: name.slice(prefix.length), shape: buffers[buffer]?.shape ?? [] }]
      : [],
  );
}

/** FLOP; those of sums of products alone; bytes; kernels started. */
function work(what: string, program: Program): Named<Formula> {
  const { flops, bytes, kernels } = costOf(program);
  const sums = (k: Kernel): Formula =>
    kernelCount({ ...k, value: { lit: 0 }, reductions: k.reductions.filter(isProduct) }, program)
      .flops;
  const products = program.stages.map((s) =>
    s.kind === "kernel" ? sums(s.kernel) : times(s.kernels.map(sums).reduce(plus, ZERO), [s.over]),
  );
  return {
    [`${what} flops`]: flops,
    [`${what} products`]: products.reduce(plus, ZERO),
    [`${what} bytes`]: bytes,
    [`${what} kernels`]: kernels,
  };
}

/** Σ a · b of two loaded values. */
function isProduct(r: Kernel["reductions"][number]): boolean {
  return r.kind === "sum" && "call" in r.of && r.of.call === "mul";
}

/** All that a stream holds, and what of it goes from step to step. */
function stepMemory(step: Program, stage: number): Named<Formula> {
  const { fixed, stages } = memoryOf(step);
  return {
    "stream memory": plus(fixed, stages[stage] ?? ZERO),
    "stream state": bytesOf(step, step.inputs, "state:"),
  };
}

function bytesOf(program: Program, list: Program["inputs"], prefix: string): Formula {
  return list
    .filter(({ name }) => name.startsWith(prefix))
    .map(({ buffer }) => times(constant(4), program.buffers[buffer]?.shape ?? []))
    .reduce(plus, ZERO);
}

/** Features of one step of one sample. */
function widths(program: Program, list: Program["inputs"], prefix: string): Formula {
  return list
    .filter(({ name }) => name.startsWith(prefix))
    .map(({ buffer }) => {
      const shape = program.buffers[buffer]?.shape ?? [];
      return times(
        constant(1),
        shape.filter((e) => typeof e === "number"),
      );
    })
    .reduce(plus, ZERO);
}
