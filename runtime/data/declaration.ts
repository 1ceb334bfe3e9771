/** @file The declaration of data: which columns of which files feed which model input and target. In:
 *  JSON. Out: a `DataDecl`, checked strictly. Never opens a file, knows no model. */
import { Ajv, type ErrorObject } from "ajv";
import { DATA_SCHEMA } from "./declaration-schema.ts";
import { fail, ok, type DataFault, fault, type Result } from "./fault.ts";

export interface DataDecl {
  readonly format: "csv" | "jsonl" | "npy" | "parquet" | "text";
  /**
   * Relative to the declaration's folder. A list is read as one table, in order. For npy: the column
   * that each array is ({ "x": "x.npy" }); axis 0 of all arrays is the row.
   */
  readonly files: readonly string[] | Readonly<Record<string, string>>;
  readonly csv?: { readonly delimiter?: string; readonly header?: boolean };
  /** What one step of a text is; its column is named `text`. */
  readonly text?: { readonly unit: "characters" | "words" };
  /** Cells read as missing, besides null and NaN; ["", "NA", "NaN", "null"] when not given. */
  readonly missing?: readonly string[];
  readonly columns?: Readonly<Record<string, ColumnDecl>>;
  readonly samples: Samples;
  /** Columns of each model input, joined in order on the feature axis. */
  readonly inputs: Readonly<Record<string, readonly string[]>>;
  readonly targets: Readonly<Record<string, TargetDecl>>;
  readonly split?: SplitDecl;
}

/** Raw value → difference → normalised. Defaults: the file's column of this name, a number, as it is. */
export interface ColumnDecl {
  /** The file's column; lets one column of a file be used in several ways. */
  readonly from?: string;
  readonly type?: "number" | "category";
  /** x[t] − x[t−k]; the first k steps of every series go. */
  readonly difference?: number;
  /** standard: (x − mean) / deviation; minmax: to [0, 1]; both of the training split alone. */
  readonly normalise?: "none" | "standard" | "minmax";
  readonly missing?: "error" | "forward-fill" | "drop";
  /** The innermost list of a record's cell is one vector of features, not steps. */
  readonly vector?: boolean;
  /** Strings of a category column of records are sequences of these. */
  readonly unit?: "characters" | "words";
  /** The most tokens a category's vocabulary holds, the most frequent kept; the unknown token is one. */
  readonly limit?: number;
}

export type TargetDecl =
  | readonly string[]
  | { readonly columns: readonly string[]; readonly horizon?: number };

/**
 * series: the rows are the steps of one long sequence, cut into windows (without `windows` it is
 * trained by truncation alone). groups: rows that share `by` are one sequence. records: each row is a
 * sample, and lists in it are sequences. `pad`: padded lengths are multiples of it.
 */
export type Samples =
  | {
      readonly kind: "series";
      readonly windows?: { readonly length: number; readonly stride?: number };
    }
  | { readonly kind: "groups"; readonly by: string; readonly pad?: number }
  | { readonly kind: "records"; readonly pad?: number };

/**
 * Fractions of the whole. time: the end is held out, in the order of the file (steps of a series, else
 * samples). rows: samples at random, the same for the same seed; not for a series, whose windows overlap.
 */
export interface SplitDecl {
  readonly by: "time" | "rows";
  readonly validation?: number;
  readonly test?: number;
  readonly seed?: number;
}

/** JSON → declaration; D102 for each place that is wrong. */
export function parseDeclaration(json: unknown, file: string | null = null): Result<DataDecl> {
  const validate = new Ajv({
    allErrors: true,
    strict: true,
    discriminator: true,
  }).compile<DataDecl>(DATA_SCHEMA);
  if (!validate(json))
    return fail(...(validate.errors ?? []).map((e) => schemaFault("D102", e, file)));
  const faults = contradictions(json, file);
  return faults.length > 0 ? fail(...faults) : ok(json);
}

/** One line of ajv's findings in a user's words. */
export function schemaFault(
  code: "D102" | "D201",
  error: ErrorObject,
  file: string | null,
): DataFault {
  const at =
    error.instancePath === "" ? "the whole" : error.instancePath.slice(1).replaceAll("/", ".");
  const params = error.params as Readonly<Record<string, unknown>>;
  const extra = params.additionalProperty ?? params.allowedValues ?? params.tag;
  const detail = extra === undefined ? "" : ` (${JSON.stringify(extra)})`;
  return fault(code, `${at}: ${error.message ?? error.keyword}${detail}`, { file });
}

/** A column's declaration; that of a text's only column is a category. */
export function columnDecl(decl: DataDecl, name: string): ColumnDecl {
  const given = decl.columns?.[name] ?? {};
  return decl.format === "text" ? { ...given, type: "category" } : given;
}

export function targetColumns(target: TargetDecl): readonly string[] {
  return "columns" in target ? target.columns : target;
}

/** Steps ahead: 1 for a series (the next step), else 0 (a label of the same step). */
export function horizonOf(decl: DataDecl, target: TargetDecl): number {
  const given = "columns" in target ? target.horizon : undefined;
  return given ?? (decl.samples.kind === "series" ? 1 : 0);
}

/** What a schema cannot say. */
function contradictions(decl: DataDecl, file: string | null): DataFault[] {
  const found: DataFault[] = [];
  const report = (message: string, help: string): void => {
    found.push(fault("D102", message, { file, help }));
  };
  if (decl.format === "npy" && Array.isArray(decl.files))
    report("files: npy arrays need names", 'write files as { "x": "x.npy" }');
  if (decl.format !== "npy" && !Array.isArray(decl.files))
    report(`files: names are for npy, not ${decl.format}`, 'write files as ["data.csv"]');
  if (decl.format === "text" && decl.samples.kind !== "series")
    report(
      `samples: a text is a series, not ${decl.samples.kind}`,
      'write samples as { "kind": "series" }',
    );
  if (decl.split?.by === "rows" && decl.samples.kind === "series")
    report(
      "split: windows of a series overlap, so rows taken at random would leak into training",
      'split a series by "time"',
    );
  if ((decl.split?.validation ?? 0) + (decl.split?.test ?? 0) >= 1)
    report("split: nothing is left for training", "keep validation + test below 1");
  for (const name of Object.keys(decl.columns ?? {})) {
    const column = columnDecl(decl, name);
    if (
      column.type === "category" &&
      (column.difference !== undefined || column.normalise !== undefined)
    )
      report(
        `columns.${name}: a category has no difference and no normalisation`,
        "leave them out, or make the column a number",
      );
    if (column.type !== "category" && (column.unit !== undefined || column.limit !== undefined))
      report(`columns.${name}: unit and limit are for categories`, 'add "type": "category"');
    if (column.difference !== undefined && decl.samples.kind === "records")
      report(
        `columns.${name}: records have no common time to take differences over`,
        "leave difference out, or use series or groups",
      );
  }
  return found;
}
