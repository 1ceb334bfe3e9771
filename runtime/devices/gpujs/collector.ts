/** @file Rows of a sequence, one a step, made one tensor on the device. In: a tensor a step. Out: their
 *  stack. Never copies a row more than log₇ T times, never holds more than a few unstacked. */
import { MAX_PARTS } from "./synthetic.ts";
import type { Tensor } from "./tensors.ts";

/** Rows t, t+1, … one under the other. */
export interface Run {
  readonly tensor: Tensor;
  readonly height: number;
}

/** Joins runs in the order given and drops them. */
export type Join = (runs: readonly Run[]) => Promise<Run>;

export interface Collector {
  /** Takes over the holder's part in `row`. */
  push(row: Tensor): Promise<void>;
  /** The stack, or null of no rows. */
  finish(): Promise<Tensor | null>;
}

/** `reverse`: rows come last to first. */
export function createCollector(reverse: boolean, join: Join): Collector {
  /** Runs of 7^level rows, in order of arrival. */
  const levels: Run[][] = [[]];
  const joined = (runs: readonly Run[]): Promise<Run> => join(reverse ? [...runs].reverse() : runs);
  return {
    push: async (row) => {
      levels[0]!.push({ tensor: row, height: 1 });
      for (let level = 0; levels[level]!.length === MAX_PARTS; level++) {
        const run = await joined(levels[level]!.splice(0));
        levels[level + 1] ??= [];
        levels[level + 1]!.push(run);
      }
    },
    finish: async () => {
      const rest = levels.reverse().flat();
      while (rest.length > 1) rest.push(await joined(rest.splice(-MAX_PARTS)));
      return rest[0]?.tensor ?? null;
    },
  };
}
