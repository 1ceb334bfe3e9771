/** @file How runs differ. In: facts of runs. Out: rows of what is not the same in all of them. */
import type { RunFacts } from "./facts.ts";

export interface Difference {
  /** "settings.hyper.lr", "dims.H", "data.samples.windows.length". */
  readonly of: string;
  /** A run each; null where a run has none. */
  readonly values: readonly (string | number | boolean | null)[];
}

type Leaf = string | number | boolean | null;

export function differences(runs: readonly RunFacts[]): readonly Difference[] {
  const leaves = runs.map((run) => new Map(leavesOf(comparable(run), "")));
  const names = new Set(leaves.flatMap((of) => [...of.keys()]));
  return [...names].flatMap((of) => {
    const values = leaves.map((run) => run.get(of) ?? null);
    return values.every((v) => v === values[0]) ? [] : [{ of, values }];
  });
}

function comparable({ model, settings, data, backend, versions }: RunFacts): unknown {
  const { entry, dims, loss, optimizer, parameters, hash } = model;
  const equations = hash.slice(0, 12);
  return { entry, dims, loss, optimizer, parameters, settings, data, backend, versions, equations };
}

/** Every number and word of nested data, by its path. */
export function leavesOf(value: unknown, path: string): readonly (readonly [string, Leaf])[] {
  if (value === null || typeof value !== "object") return [[path, value as Leaf]];
  if (Array.isArray(value) && value.every((v) => v === null || typeof v !== "object"))
    return [[path, value.join(", ")]];
  return Object.entries(value).flatMap(([key, inner]) =>
    leavesOf(inner, path === "" ? key : `${path}.${key}`),
  );
}
