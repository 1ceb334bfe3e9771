/** @file What an entry holds and does, in numbers. In: a checked entry with sizes. Out: parameters and
 *  states as the compiler lowers them, work of one step of one sample. */
import type { Checked } from "../../compiler/2-check/checked.ts";
import type { Entry } from "../../compiler/3-lower/lower.ts";
import { createPlaces } from "../../compiler/3-lower/places.ts";
import { costOf } from "../../compiler/6-schedule/count.ts";
import { at } from "../../compiler/6-schedule/formula.ts";
import { createStager } from "../../compiler/programs.ts";

export interface Work {
  readonly parameters: number;
  readonly tensors: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly initialiser: string;
    readonly count: number;
  }[];
  readonly states: readonly {
    readonly name: string;
    readonly shape: readonly number[];
    readonly lags: number;
    /** Null where it is computed: learned, or an expression. */
    readonly initial: number | null;
    readonly count: number;
  }[];
  /** One run over one step of one sample, what depends on parameters only left out. */
  readonly programs: readonly {
    readonly name: "forward" | "gradient";
    readonly flops: number;
    readonly bytes: number;
  }[];
}

export function workOf(checked: Checked, entry: Entry): Work {
  const stager = createStager(checked, entry, createPlaces(checked.files));
  const { build } = stager.lowered({}, false);
  const count = (shape: readonly number[]): number => shape.reduce((x, y) => x * y, 1);
  const tensors = build.params.map(({ name, shape, initialiser }) => ({
    name,
    shape,
    initialiser: initialiser.name,
    count: count(shape),
  }));
  const steps = build.inputs.flatMap((i) => (i.seq === null ? [] : [[i.seq, 1] as const]));
  const sizes = { B: 1, ...Object.fromEntries(steps) };
  return {
    parameters: tensors.reduce((sum, t) => sum + t.count, 0),
    tensors,
    states: build.states.map(({ name, shape, lags, initial }) => ({
      name,
      shape,
      lags,
      initial,
      count: count(shape) * lags,
    })),
    programs: (["forward", "gradient"] as const).map((name) => {
      const { flops, bytes } = costOf(stager.stages(name)!.program);
      return { name, flops: at(flops, sizes), bytes: at(bytes, sizes) };
    }),
  };
}
