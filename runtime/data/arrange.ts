/** @file Columns by row → columns by sample: rows grouped, missing values filled or dropped. In: parsed
 *  columns. Out: the same columns, a row of `starts` for each sample, nothing missing. Never scales. */
import { type Column, rowOfStep, type Values } from "./column.ts";
import { type ColumnDecl, columnDecl, type DataDecl } from "./declaration.ts";
import { type DataFault, fail, fault, ok, type Result } from "./fault.ts";
import type { Table } from "./table.ts";

export interface Arranged {
  /** starts[s] … starts[s+1] are the steps of sample s. */
  readonly columns: ReadonlyMap<string, Column>;
  readonly samples: number;
  readonly dropped: number;
  readonly filled: Readonly<Record<string, number>>;
}

/** D104, D106 for what is missing and may be neither filled nor dropped. */
export function arrange(
  decl: DataDecl,
  table: Table,
  columns: ReadonlyMap<string, Column>,
): Result<Arranged> {
  const declOf = (name: string): ColumnDecl => columnDecl(decl, name);
  const dropped = new Set<number>();
  const faults: DataFault[] = [];
  for (const [name, column] of columns) {
    const policy = declOf(name).missing ?? "error";
    if (policy === "forward-fill") continue;
    const rows = missingRows(column);
    if (policy === "drop") for (const row of rows) dropped.add(row);
    else if (rows.length > 0)
      faults.push(
        missing(`${rows.length} of ${table.rows} rows have no value`, name, rows[0]!, decl, table),
      );
  }
  const grouped = groupRows(decl, table, dropped);
  if (!grouped.ok || faults.length > 0)
    return fail(...faults, ...(grouped.ok ? [] : grouped.faults));
  const order = grouped.value.flat();
  const counts: Record<string, number> = {};
  const arranged = new Map<string, Column>();
  for (const [name, column] of columns) {
    const taken = takeRows(column, grouped.value);
    const filled = declOf(name).missing === "forward-fill" ? forwardFill(taken) : null;
    if (filled !== null && filled.unfilled !== null) {
      const row = order[rowOfStep(stepStarts(column, order), filled.unfilled)]!;
      faults.push(missing("nothing stands before it to fill it with", name, row, decl, table));
    }
    if (filled !== null) counts[name] = filled.count;
    arranged.set(name, filled?.column ?? taken);
  }
  if (faults.length > 0) return fail(...faults);
  return ok({
    columns: arranged,
    samples: grouped.value.length,
    dropped: dropped.size,
    filled: counts,
  });
}

function missing(
  message: string,
  name: string,
  row: number,
  decl: DataDecl,
  table: Table,
): DataFault {
  return fault("D106", message, {
    ...table.origin(row),
    column: decl.columns?.[name]?.from ?? name,
    help: `give "missing": "forward-fill" or "drop" for column ${JSON.stringify(name)}, or mend the file`,
  });
}

function missingRows(column: Column): number[] {
  const rows = new Set<number>();
  eachMissing(column, (step) => rows.add(rowOfStep(column.starts, step)));
  return [...rows];
}

function eachMissing(column: Column, found: (step: number) => void): void {
  const { values, width } = column;
  if (values.kind === "number")
    values.data.forEach((v, i) => {
      if (Number.isNaN(v)) found(Math.floor(i / width));
    });
  else
    values.data.forEach((v, i) => {
      if (v === null) found(Math.floor(i / width));
    });
}

/** The rows of each sample, in the order of the file; of groups, by their first row. */
function groupRows(
  decl: DataDecl,
  table: Table,
  dropped: ReadonlySet<number>,
): Result<readonly (readonly number[])[]> {
  const rows = Array.from({ length: table.rows }, (_, row) => row).filter((r) => !dropped.has(r));
  switch (decl.samples.kind) {
    case "series":
      return ok([rows]);
    case "records":
      return ok(rows.map((row) => [row]));
    case "groups": {
      const { by } = decl.samples;
      const ids = table.columns.get(by);
      if (ids === undefined)
        return fail(
          fault("D104", `there is no column ${JSON.stringify(by)} to group by`, {
            column: by,
            help: `the columns are ${[...table.columns.keys()].join(", ")}`,
          }),
        );
      const groups = new Map<unknown, number[]>();
      const nameless: number[] = [];
      for (const row of rows) {
        const id = ids.kind === "cells" ? ids.cells[row] : ids.data[row];
        if (id === null || id === undefined || id === "" || Number.isNaN(id)) nameless.push(row);
        else if (groups.has(id)) groups.get(id)!.push(row);
        else groups.set(id, [row]);
      }
      return nameless.length > 0
        ? fail(missing(`${nameless.length} rows say no group`, by, nameless[0]!, decl, table))
        : ok([...groups.values()]);
    }
  }
}

function takeRows(column: Column, samples: readonly (readonly number[])[]): Column {
  const starts = [0];
  const steps: number[] = [];
  for (const rows of samples) {
    for (const row of rows)
      for (let s = column.starts[row]!; s < column.starts[row + 1]!; s++) steps.push(s);
    starts.push(steps.length);
  }
  return { values: takeSteps(column.values, steps, column.width), width: column.width, starts };
}

function takeSteps(values: Values, steps: readonly number[], width: number): Values {
  const from = (i: number): number => steps[Math.floor(i / width)]! * width + (i % width);
  const length = steps.length * width;
  return values.kind === "number"
    ? { kind: "number", data: new Float64Array(length).map((_, i) => values.data[from(i)]!) }
    : { kind: "category", data: Array.from({ length }, (_, i) => values.data[from(i)]!) };
}

/** Where each row of `order` starts once its steps stand one after another. */
function stepStarts(column: Column, order: readonly number[]): number[] {
  const starts = [0];
  for (const row of order)
    starts.push(starts.at(-1)! + column.starts[row + 1]! - column.starts[row]!);
  return starts;
}

interface Filled {
  readonly column: Column;
  readonly count: number;
  /** The first step that had nothing before it in its sample. */
  readonly unfilled: number | null;
}

/** Each missing value becomes the one of the step before it in its sample. */
function forwardFill(column: Column): Filled {
  const { values, width, starts } = column;
  const first = new Set(starts);
  const data: (number | string | null)[] = Array.from<number | string | null>(values.data);
  const isMissing = (v: number | string | null): boolean => v === null || Number.isNaN(v);
  let count = 0;
  let unfilled: number | null = null;
  for (let i = 0; i < data.length; i++) {
    if (!isMissing(data[i]!)) continue;
    const step = Math.floor(i / width);
    const before = first.has(step) ? null : data[i - width]!;
    if (before === null || isMissing(before)) unfilled ??= step;
    else count += 1;
    data[i] = before;
  }
  const filled: Values =
    values.kind === "number"
      ? {
          kind: "number",
          data: Float64Array.from(data, (v) => (typeof v === "number" ? v : Number.NaN)),
        }
      : { kind: "category", data: data.map((v) => (typeof v === "string" ? v : null)) };
  return { column: { values: filled, width, starts }, count, unfilled };
}
