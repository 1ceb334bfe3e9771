/** @file Which steps or samples are for training, which held out. In: a declaration, counts. Out: parts.
 *  Never looks at a value. */
import { permutation, random } from "../random.ts";
import type { SplitDecl } from "./declaration.ts";

export const SPLITS = ["train", "validation", "test"] as const;
export type SplitName = (typeof SPLITS)[number];

/** A series is cut at steps: [from, to) of each split. Anything else is divided by samples. */
export type Parts =
  | { readonly kind: "steps"; readonly of: Readonly<Record<SplitName, Range>> }
  | { readonly kind: "samples"; readonly of: Readonly<Record<SplitName, readonly number[]>> };

export interface Range {
  readonly from: number;
  readonly to: number;
}

export function splitSteps(split: SplitDecl | undefined, steps: number): Parts {
  return { kind: "steps", of: ranges(split, steps) };
}

/** In the order of the file, or at random by the split's seed. */
export function splitSamples(split: SplitDecl | undefined, samples: number): Parts {
  const order =
    split?.by === "rows"
      ? [...permutation(samples, random(split.seed ?? 0, "split"))]
      : Array.from({ length: samples }, (_, i) => i);
  const { train, validation, test } = ranges(split, samples);
  const pick = ({ from, to }: Range): readonly number[] => order.slice(from, to);
  return {
    kind: "samples",
    of: { train: pick(train), validation: pick(validation), test: pick(test) },
  };
}

function ranges(split: SplitDecl | undefined, count: number): Record<SplitName, Range> {
  const validation = split?.validation ?? 0;
  const test = split?.test ?? 0;
  const b = Math.round(count * (1 - test));
  const a = Math.min(b, Math.round(count * (1 - test - validation)));
  return {
    train: { from: 0, to: a },
    validation: { from: a, to: b },
    test: { from: b, to: count },
  };
}
