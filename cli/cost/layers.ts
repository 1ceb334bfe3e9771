/** @file The cells of a model, each a cost of its own. In: a model's source. Out: each layer's cell at the sizes that
 *  it has there, beside attention. Both directions of a layer are one cell. */
import { costOfEntry } from "../../compiler/cost/cost.ts";
import { type CostReport, reportOf } from "../../compiler/cost/report.ts";
import { chooseEntry } from "../../compiler/entry.ts";
import { createStager } from "../../compiler/programs.ts";
import type { Source } from "../../compiler/recompile.ts";

export interface LayerCost {
  readonly layer: number;
  readonly cell: string;
  readonly report: CostReport;
}

export function layerCosts(source: Source, steps: number, truncate: number): readonly LayerCost[] {
  const { checked, entry, places } = source;
  if (entry.kind === "cell") return [];
  const { build } = createStager(checked, entry, places).lowered({ taps: true }, false);
  const layers = build.taps.flatMap((t) => (t.layer === null || t.layer.reverse ? [] : [t.layer]));
  const backward = build.taps.flatMap((t) => (t.layer?.reverse ? [t.layer] : []));
  const known = new Map<string, (typeof layers)[number]>();
  for (const l of [...layers, ...backward]) {
    const own = l.prefix.replace(/(forward|backward)\.$/, "");
    if (!known.has(own)) known.set(own, l);
  }
  const file = checked.files[0]?.path ?? "";
  return [...known.values()].flatMap(({ cell, dims }, i) => {
    const names = checked.cells.get(cell)?.dims.map((d) => d.name.text) ?? [];
    const sizes = Object.fromEntries(
      names.flatMap((n) => (typeof dims[n] === "number" ? [[n, dims[n]]] : [])),
    );
    const { entry: own } = chooseEntry(checked, { file, entry: cell, dims: sizes });
    if (own === null) return [];
    const figures = costOfEntry({ checked, entry: own, batch: 1, steps, formulas: false });
    return [{ layer: i + 1, cell, report: reportOf(figures, truncate) }];
  });
}
