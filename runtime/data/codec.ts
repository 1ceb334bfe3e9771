/** @file Rows of a stream → the model's inputs, and its outputs → the file's units, one step at a time. In:
 *  the declaration and what was fitted, as stored with the model. Out: the same numbers as `prepare.ts`
 *  gives for the whole file. Keeps the last rows that differences and forecasts need. */
import type { InputInfo } from "../artifact/artifact.ts";
import { missingWords, numberOf, show, wordOf } from "./cell.ts";
import { columnDecl, type DataDecl, horizonOf, targetColumns } from "./declaration.ts";
import { type DataFault, fail, fault, ok, type Result } from "./fault.ts";
import { denormalised, type Fitted, type FittedNumber, normalised, vocabulary } from "./fitted.ts";
import { usedColumns } from "./prepare.ts";

/** A row by the file's column names, cells as the file has them. */
export type StreamRow = Readonly<Record<string, unknown>>;

export interface Codec {
  /**
   * The step of a row by input name, a number a feature; null for the first rows, which differences
   * use up, and for rows that `missing: "drop"` drops. D104, D105, D106.
   */
  push(row: StreamRow): Result<ReadonlyMap<string, Float64Array> | null>;
  /** What the model says of a number target, in the units of the file, `horizon` steps after the last row. */
  restore(target: string, values: ArrayLike<number>): Float64Array;
  /** The words of a category target by index; null for numbers. */
  words(target: string): readonly string[] | null;
}

export function openCodec(decl: DataDecl, fitted: Fitted, inputs: readonly InputInfo[]): Codec {
  const names = usedColumns(decl);
  const columns = names.map((name) => columnOf(decl, fitted, name));
  const past = Math.max(1, ...columns.map((c) => c.difference + 1));
  /** Raw steps of each column, the newest last. */
  const history = new Map<string, (Float64Array | string)[]>(names.map((name) => [name, []]));
  const at = (name: string, back: number): Float64Array | string | undefined =>
    history.get(name)!.at(-1 - back);

  const accept = (row: StreamRow): Result<boolean> => {
    const faults: DataFault[] = [];
    const steps = new Map<string, Float64Array | string>();
    let dropped = false;
    for (const column of columns) {
      const step = column.parse(row[column.from]);
      if (isFault(step)) faults.push(step);
      else if (step !== null) steps.set(column.name, step);
      else if (column.missing === "drop") dropped = true;
      else {
        const last = column.missing === "forward-fill" ? at(column.name, 0) : undefined;
        if (last === undefined) faults.push(column.absent(row));
        else steps.set(column.name, last);
      }
    }
    if (faults.length > 0) return fail(...faults);
    if (dropped) return ok(false);
    for (const [name, step] of steps) {
      const kept = history.get(name)!;
      kept.push(step);
      if (kept.length > past) kept.shift();
    }
    return ok(history.get(names[0]!)!.length === past);
  };

  return {
    push: (row) => {
      const ready = accept(row);
      if (!ready.ok) return ready;
      if (!ready.value) return ok(null);
      const features = new Map(columns.map((c) => [c.name, c.encode((back) => at(c.name, back)!)]));
      return ok(
        new Map(
          inputs.map(({ name }) => [
            name,
            Float64Array.from((decl.inputs[name] ?? []).flatMap((c) => features.get(c)!)),
          ]),
        ),
      );
    },
    restore: (target, values) => {
      const spec = decl.targets[target]!;
      const ahead = horizonOf(decl, spec);
      const features = targetColumns(spec).flatMap((name) => {
        const scale = fitted.columns[name]!;
        if (scale.kind === "category") return [];
        const { difference } = scale;
        const base = difference === 0 ? undefined : at(name, difference - ahead);
        return scale.offset.map(
          (_, f) => (value: number) =>
            denormalised(scale, value, f) + (base === undefined ? 0 : numberAt(base, f)),
        );
      });
      return Float64Array.from(features, (undo, i) => undo(values[i]!));
    },
    words: (target) => {
      const [name] = targetColumns(decl.targets[target]!);
      const scale = fitted.columns[name!];
      return scale?.kind === "category" ? scale.tokens : null;
    },
  };
}

interface StreamColumn {
  readonly name: string;
  readonly from: string;
  readonly difference: number;
  readonly missing: "error" | "forward-fill" | "drop";
  /** A step, null where it is missing. */
  readonly parse: (cell: unknown) => Float64Array | string | DataFault | null;
  readonly absent: (row: StreamRow) => DataFault;
  readonly encode: (raw: (back: number) => Float64Array | string) => readonly number[];
}

function columnOf(decl: DataDecl, fitted: Fitted, name: string): StreamColumn {
  const column = columnDecl(decl, name);
  const scale = fitted.columns[name]!;
  const { from } = scale;
  const missing = missingWords(decl, column);
  const common = {
    name,
    from,
    missing: column.missing ?? "error",
    absent: (row: StreamRow) =>
      Object.hasOwn(row, from)
        ? fault("D106", `${show(row[from])} is a missing value`, { column: from })
        : fault("D104", `the row has no ${JSON.stringify(from)}`, {
            column: from,
            help: `a row has ${Object.keys(row).join(", ") || "no columns"}`,
          }),
  };
  if (scale.kind === "category") {
    const indices = vocabulary(scale);
    return {
      ...common,
      difference: 0,
      parse: (cell) => wordOf(cell, missing),
      encode: (raw) => [indices.get(String(raw(0))) ?? 0],
    };
  }
  const { difference } = scale;
  return {
    ...common,
    difference,
    parse: (cell) => parseVector(cell, scale, missing),
    encode: (raw) =>
      scale.offset.map((_, f) => {
        const base = difference === 0 ? 0 : numberAt(raw(difference), f);
        return normalised(scale, numberAt(raw(0), f) - base, f);
      }),
  };
}

function isFault(step: Float64Array | string | DataFault | null): step is DataFault {
  return typeof step === "object" && step !== null && "code" in step;
}

function parseVector(
  cell: unknown,
  scale: FittedNumber,
  missing: ReadonlySet<string>,
): Float64Array | DataFault | null {
  const cells: readonly unknown[] = Array.isArray(cell)
    ? cell.flat(Number.POSITIVE_INFINITY)
    : [cell];
  const values = cells.map((c) => numberOf(c, missing));
  const odd = values.indexOf(null);
  if (odd >= 0) return fault("D105", `${show(cells[odd])} is not a number`, { column: scale.from });
  if (values.every((v) => Number.isNaN(v))) return null;
  if (values.length !== scale.offset.length)
    return fault("D107", `${values.length} numbers in a step of ${scale.offset.length}`, {
      column: scale.from,
    });
  return values.some((v) => Number.isNaN(v)) ? null : Float64Array.from(values, (v) => v!);
}

function numberAt(step: Float64Array | string | undefined, feature: number): number {
  return step instanceof Float64Array ? step[feature]! : Number.NaN;
}
