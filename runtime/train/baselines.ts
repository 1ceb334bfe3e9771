/** @file Forecasts that any model must beat. In: a series and a split. Out: errors of the last value and of
 *  the value a season ago, in the units of the file. Never runs a model. */
import { featureCount } from "../data/batch.ts";
import type { Dataset, Place } from "../data/dataset.ts";
import type { EvaluationPlan } from "../data/plan.ts";
import type { SplitName } from "../data/split.ts";

export interface Baseline {
  readonly name: "naive" | "seasonal-naive";
  readonly rmse: number;
  readonly mae: number;
}

/**
 * Over the same steps that `evaluate` scores with the same plan, all targets' columns together:
 * naive: x[t], the last value known, for x[t+h]; seasonal: x[t+h−⌈h/p⌉·p], the same phase of the last
 * known season of p steps. Hyndman & Athanasopoulos 2021, "Forecasting: principles and practice", 5.2.
 * Null where no target is a number with a past; a baseline whose season is longer than the past is left out.
 */
export function baselines(
  dataset: Dataset,
  split: SplitName,
  plan: EvaluationPlan,
  period: number,
): readonly Baseline[] | null {
  const places = placesOf(dataset, split, plan);
  if (places.length === 0) return null;
  const score = (name: Baseline["name"], back: (horizon: number) => number): Baseline[] => {
    const errors = places.flatMap(({ place, horizon }) => {
      const before = place.before(back(horizon));
      return before === null ? [] : [place.actual - before];
    });
    if (errors.length === 0) return [];
    const mean = (of: (e: number) => number): number =>
      errors.reduce((sum, e) => sum + of(e), 0) / errors.length;
    return [{ name, rmse: Math.sqrt(mean((e) => e * e)), mae: mean(Math.abs) }];
  };
  return [
    ...score("naive", (h) => h),
    ...score("seasonal-naive", (h) => Math.ceil(h / period) * period),
  ];
}

interface Scored {
  readonly place: Place;
  readonly horizon: number;
}

function placesOf(dataset: Dataset, split: SplitName, plan: EvaluationPlan): readonly Scored[] {
  return dataset.evaluationPlan(split, plan).flatMap((chunk) =>
    chunk.scored
      ? dataset.targets.flatMap((target) =>
          chunk.rows.flatMap((row) => {
            const steps = target.info.seq === null ? 1 : row.length;
            return Array.from({ length: steps }, (_, t) => t).flatMap((t) =>
              Array.from({ length: featureCount(target) }, (_, f) => f).flatMap((f) => {
                const place = target.horizon === 0 ? null : dataset.place(target, f, row, t);
                return place === null ? [] : [{ place, horizon: target.horizon }];
              }),
            );
          }),
        )
      : [],
  );
}
