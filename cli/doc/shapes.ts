/** @file Shapes of a cell's names. In: a checked cell. Out: shapes over its dims, counts as polynomials.
 *  Never a size. */
import { merge } from "../../compiler/1-resolve/flatten.ts";
import { load } from "../../compiler/1-resolve/load.ts";
import { checkCell } from "../../compiler/2-check/check-cell.ts";
import type { Checked, FlatCell } from "../../compiler/2-check/checked.ts";
import { add, type Dim, multiply, number, showDim } from "../../compiler/2-check/dims.ts";
import { showType } from "../../compiler/2-check/types.ts";
import { latexOfName } from "../../grammar/latex-names.ts";

export interface ShapeText {
  readonly dims: readonly Dim[];
  /** `[H, D]`. */
  readonly text: string;
}

/** Of everything that has a name, equations too: the checker's own types, asked once more. */
export function shapesOf(checked: Checked, cell: FlatCell): ReadonlyMap<string, ShapeText> {
  const texts = new Map(checked.files.map((f) => [f.path, f.text]));
  const nothing = (): void => {};
  const read = (path: string): string | null => texts.get(path) ?? null;
  const library = load(checked.files[0]?.path ?? "", read, nothing);
  const { types } = checkCell(merge(cell.lineage[0]!, library, nothing), library, nothing);
  return new Map(
    [...types].flatMap(([name, type]) =>
      type === null ? [] : [[name, { dims: type.shape, text: showType(type) }] as const],
    ),
  );
}

/** Names that hold one number: consts, dims, what is declared or comes out as `[]`. */
export function scalarsOf(
  cell: FlatCell,
  shapes: ReadonlyMap<string, ShapeText>,
  dims: readonly string[],
): ReadonlySet<string> {
  const single = [...shapes].flatMap(([name, s]) => (s.dims.length === 0 ? [name] : []));
  return new Set([...single, ...cell.consts.map((c) => c.name.text), ...dims]);
}

/** A number of elements in the spec's dims. */
export interface Count {
  /** `4 * D * H + 4 * H * H + 4 * H`. */
  readonly text: string;
  readonly latex: string;
}

/** Elements of tensors of these shapes together. */
export function countOf(shapes: readonly (readonly Dim[])[]): Count {
  const sum = shapes.map((s) => s.reduce(multiply, number(1))).reduce(add, number(0));
  return { text: showDim(sum), latex: latexOfSum(sum) };
}

/** 4DH + 4H² + 4H. */
function latexOfSum({ terms }: Dim): string {
  if (terms.length === 0) return "0";
  const power = ([name, n]: readonly [string, number]): string =>
    n === 1 ? latexOfName(name) : `${latexOfName(name)}^{${n}}`;
  return terms
    .map(({ num, den, powers }, i) => {
      const sign = num < 0 ? (i === 0 ? "-" : " - ") : i === 0 ? "" : " + ";
      const size = den === 1 ? String(Math.abs(num)) : `\\tfrac{${Math.abs(num)}}{${den}}`;
      const factors = powers.map(power).join("\\,");
      if (factors === "") return `${sign}${size}`;
      return size === "1" ? `${sign}${factors}` : `${sign}${size}\\,${factors}`;
    })
    .join("");
}
