/** @file A table → numbers at the model's scale. In: declaration, table; scales and vocabularies where a
 *  model was trained before. Out: columns by sample, splits, what was fitted. Never knows the model. */
import { type Arranged, arrange } from "./arrange.ts";
import { type Column, parseColumn } from "./column.ts";
import { type ColumnDecl, columnDecl, type DataDecl, targetColumns } from "./declaration.ts";
import { type DataFault, fail, fault, ok, type Result } from "./fault.ts";
import {
  fitCategory,
  type Fitted,
  type FittedColumn,
  fitNumber,
  normalised,
  vocabulary,
} from "./fitted.ts";
import { type Parts, splitSamples, splitSteps } from "./split.ts";
import type { Table } from "./table.ts";

export interface Prepared {
  readonly decl: DataDecl;
  readonly fitted: Fitted;
  readonly columns: ReadonlyMap<string, Field>;
  readonly samples: number;
  readonly parts: Parts;
  readonly report: DataReport;
}

/** A column at the model's scale. Sample s has the steps starts[s] … starts[s+1], `width` numbers each. */
export interface Field {
  readonly data: Float64Array;
  readonly width: number;
  readonly starts: readonly number[];
  readonly fitted: FittedColumn;
  /** The file's own numbers; step i of a sample here is step i + `skip` of that sample there. Null: a category. */
  readonly raw: { readonly data: Float64Array; readonly starts: readonly number[] } | null;
  readonly skip: number;
}

/** What was done to the data, for people. `unknown`: held-out words that the vocabulary lacks. */
export interface DataReport {
  readonly rows: number;
  readonly samples: number;
  readonly steps: number;
  readonly dropped: number;
  readonly filled: Readonly<Record<string, number>>;
  readonly unknown: Readonly<Record<string, number>>;
}

/** Every fault of every column at once. Fits on the training split, unless `fitted` is given. */
export function prepare(
  decl: DataDecl,
  table: Table,
  fitted: Fitted | null = null,
): Result<Prepared> {
  const faults: DataFault[] = [];
  const parsed = new Map<string, Column>();
  for (const name of usedColumns(decl)) {
    const column = parseColumn(decl, name, columnDecl(decl, name), table);
    if (column.ok) parsed.set(name, column.value);
    else faults.push(...column.faults);
  }
  if (faults.length > 0) return fail(...faults);
  const arranged = arrange(decl, table, parsed);
  if (!arranged.ok) return arranged;
  return assemble(decl, table, arranged.value, fitted);
}

/** Columns that inputs or targets name, each once. */
export function usedColumns(decl: DataDecl): readonly string[] {
  const targets = Object.values(decl.targets).map(targetColumns);
  return [...new Set([...Object.values(decl.inputs), ...targets].flat())];
}

function assemble(
  decl: DataDecl,
  table: Table,
  arranged: Arranged,
  given: Fitted | null,
): Result<Prepared> {
  const declOf = (name: string): ColumnDecl => columnDecl(decl, name);
  const skip = Math.max(0, ...[...arranged.columns.keys()].map((n) => declOf(n).difference ?? 0));
  const changed = new Map(
    [...arranged.columns].map(([name, c]) => [
      name,
      difference(c, declOf(name).difference ?? 0, skip),
    ]),
  );
  const first = [...changed.values()][0];
  const steps = first === undefined ? 0 : first.starts.at(-1)!;
  const series = decl.samples.kind === "series";
  const parts = series ? splitSteps(decl.split, steps) : splitSamples(decl.split, arranged.samples);
  const isEmpty = parts.kind === "steps" ? parts.of.train.to === 0 : parts.of.train.length === 0;
  if (isEmpty && given === null)
    return fail(
      fault("D109", `no ${series ? "step" : "sample"} is left to train on`, {
        help: "give more data, hold out less, or take differences over fewer steps",
      }),
    );
  const fitted = given ?? {
    columns: Object.fromEntries(
      [...changed].map(([name, c]) => [name, fitColumn(declOf(name), name, c, parts)]),
    ),
  };
  const unknown: Record<string, number> = {};
  const columns = new Map<string, Field>();
  for (const [name, column] of changed) {
    const scale = fitted.columns[name];
    if (scale === undefined || !fits(scale, column))
      return fail(
        fault("D108", `the model was not trained with a ${column.values.kind} column like this`, {
          column: name,
          help: "use the data declaration that the model was trained with",
        }),
      );
    const { data, strange } = encode(column, scale);
    if (strange > 0) unknown[name] = strange;
    const raw = arranged.columns.get(name)!;
    columns.set(name, {
      data,
      width: column.width,
      starts: column.starts,
      fitted: scale,
      raw: raw.values.kind === "number" ? { data: raw.values.data, starts: raw.starts } : null,
      skip,
    });
  }
  const { samples, dropped, filled } = arranged;
  const report = { rows: table.rows, samples, steps, dropped, filled, unknown };
  return ok({ decl, fitted, columns, samples, parts, report });
}

function fits(fitted: FittedColumn, column: Column): boolean {
  return fitted.kind === "number"
    ? column.values.kind === "number" && fitted.offset.length === column.width
    : column.values.kind === "category";
}

/** x[t] − x[t−k] (k = 0: x[t]) for t ≥ skip of every sample; samples no longer than skip have no steps. */
function difference(column: Column, k: number, skip: number): Column {
  if (skip === 0) return column;
  const { values, width, starts } = column;
  const sources: number[] = [];
  const shorter = [0];
  for (let s = 0; s + 1 < starts.length; s++) {
    for (let t = starts[s]! + skip; t < starts[s + 1]!; t++)
      for (let f = 0; f < width; f++) sources.push(t * width + f);
    shorter.push(sources.length / width);
  }
  const taken = new Float64Array(values.kind === "number" ? sources.length : 0);
  if (values.kind === "number")
    sources.forEach((i, n) => {
      taken[n] = k === 0 ? values.data[i]! : values.data[i]! - values.data[i - k * width]!;
    });
  return {
    values:
      values.kind === "number"
        ? { kind: "number", data: taken }
        : { kind: "category", data: sources.map((i) => values.data[i]!) },
    width,
    starts: shorter,
  };
}

function fitColumn(decl: ColumnDecl, name: string, column: Column, parts: Parts): FittedColumn {
  const { values, width, starts } = column;
  const ranges =
    parts.kind === "steps"
      ? [parts.of.train]
      : parts.of.train.map((s) => ({ from: starts[s]!, to: starts[s + 1]! }));
  const from = decl.from ?? name;
  if (values.kind === "number") {
    const rows = ranges.map((r) => values.data.subarray(r.from * width, r.to * width));
    return fitNumber(decl, from, rows, width);
  }
  const words = ranges.flatMap((r) => values.data.slice(r.from * width, r.to * width));
  return fitCategory(
    decl,
    from,
    words.filter((w) => w !== null),
  );
}

function encode(
  column: Column,
  fitted: FittedColumn,
): { readonly data: Float64Array; readonly strange: number } {
  const { values, width } = column;
  if (values.kind === "number" && fitted.kind === "number")
    return { data: values.data.map((v, i) => normalised(fitted, v, i % width)), strange: 0 };
  if (values.kind !== "category" || fitted.kind !== "category")
    return { data: new Float64Array(0), strange: 0 };
  const indices = vocabulary(fitted);
  const found = values.data.map((word) => (word === null ? undefined : indices.get(word)));
  return {
    data: Float64Array.from(found, (index) => index ?? 0),
    strange: found.filter((index) => index === undefined).length,
  };
}
