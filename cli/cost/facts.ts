/** @file All that `cellc cost` knows of an entry. In: its source, sizes. Out: its report, those of its layers, tasks
 *  to measure with what is predicted for each. */
import { type CostFigures, costOfEntry } from "../../compiler/cost/cost.ts";
import { memoryOf } from "../../compiler/cost/memory.ts";
import { type CostReport, reportOf } from "../../compiler/cost/report.ts";
import { costOf } from "../../compiler/6-schedule/count.ts";
import { at } from "../../compiler/6-schedule/formula.ts";
import type { Source } from "../../compiler/recompile.ts";
import type { Program } from "../../runtime/artifact/kernel.ts";
import { type LayerCost, layerCosts } from "./layers.ts";
import type { Measured, Task } from "./measure.ts";

export interface CostFacts {
  readonly entry: { readonly name: string; readonly kind: "cell" | "model" };
  readonly report: CostReport;
  /** Of a model: its cells, one by one. */
  readonly layers: readonly LayerCost[];
  readonly measurement: Measured | null;
}

export interface Sizing {
  readonly batch: number;
  readonly steps: number;
  readonly truncate: number;
}

export function costFacts(source: Source, { batch, steps, truncate }: Sizing) {
  const { checked, entry } = source;
  const figures = costOfEntry({ checked, entry, batch, steps, formulas: true });
  const facts: CostFacts = {
    entry: { name: entry.name, kind: entry.kind },
    report: reportOf(figures, truncate),
    layers: layerCosts(source, steps, truncate),
    measurement: null,
  };
  return { facts, tasks: tasksOf(figures, steps) };
}

/** A step; the whole length and two shorter ones forward and with the gradient. */
function tasksOf({ programs, trains, sizes }: CostFigures, steps: number): readonly Task[] {
  const task = (
    what: Task["what"],
    name: Task["program"],
    program: Program,
    length: number,
  ): Task => {
    const own = Object.fromEntries(
      Object.entries(sizes).map(([s, n]) => [s, s === "B" ? n : length]),
    );
    const { fixed, stages } = memoryOf(program);
    const kept = Math.max(0, ...stages.map((f) => at(f, own)));
    return {
      what,
      steps: length,
      program: name,
      sizes: own,
      predictedFlops: at(costOf(program).flops, own),
      predictedBytes: at(fixed, own) + kept,
    };
  };
  const lengths = [
    ...new Set([steps / 16, steps / 4, steps].map((n) => Math.max(1, Math.round(n)))),
  ];
  const gradient = trains ? "train" : "gradient";
  return [
    ...(programs.step === null ? [] : [task("step", "step", programs.step, 1)]),
    ...lengths.map((n) => task("forward", "forward", programs.forward, n)),
    ...lengths.map((n) => task("gradient", gradient, programs.training, n)),
  ];
}
