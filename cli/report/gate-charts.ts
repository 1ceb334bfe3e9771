/** @file Gates of a report as pictures: histograms as training goes on, how saturated they are. In: facts. Out:
 *  charts as data. Never runs a model. */
import type { Picture } from "./charts.ts";
import type { RunFacts } from "./facts.ts";
import { heatMap, lines, type Row, shortNames } from "./plot.ts";

/** More gates than that are in the data only. */
const PICTURES = 9;

export function gateCharts(runs: readonly RunFacts[]): readonly Picture[] {
  const isAlone = runs.length === 1;
  return runs.flatMap((run, i) => ofRun(run, i, isAlone ? "" : `, ${run.name}`));
}

function ofRun({ probes }: RunFacts, index: number, of: string): readonly Picture[] {
  const seen = probes.flatMap((p) =>
    p.gates === null ? [] : [{ epoch: p.epoch, gates: p.gates }],
  );
  const names = Object.keys(seen[0]?.gates ?? {});
  if (names.length === 0) return [];
  const short = shortNames(names);
  const histograms = names.slice(0, PICTURES).map((name, g): Picture => {
    const rows: readonly Row[] = seen.flatMap(({ epoch, gates }) => {
      const { from, to, shares } = gates[name]!;
      const width = (to - from) / shares.length;
      return shares.map((share, b) => ({
        epoch,
        from: from + b * width,
        to: from + (b + 1) * width,
        share,
      }));
    });
    return {
      id: `gate-${index}-${g}`,
      title: `Values of gate ${short[g]}${of}`,
      caption:
        "A column a probe: the share of the gate's values in each bin, over all units and steps of the first samples.",
      chart: heatMap(rows, {
        x: { field: "epoch", title: "epochs trained", type: "ordinal", axis: { labelAngle: 0 } },
        y: {
          field: "from",
          to: "to",
          title: "value",
          type: "quantitative",
          scale: { nice: false },
        },
        colour: { field: "share", title: "share of values", scale: { type: "sqrt" } },
        rowHeight: null,
      }),
    };
  });
  const saturated = seen.flatMap(({ epoch, gates }) =>
    names.map((name, g) => ({
      epoch,
      gate: short[g]!,
      saturated: gates[name]!.low + gates[name]!.high,
    })),
  );
  const saturation: Picture = {
    id: `saturation-${index}`,
    title: `Saturated gates${of}`,
    caption:
      "The share of each gate's values within 0.05 of 0 or 1, where a sigmoid hardly passes a gradient on.",
    chart: lines(
      saturated,
      { field: "epoch", title: "epochs trained", axis: { tickMinStep: 1 } },
      {
        field: "saturated",
        title: "share saturated",
        scale: { zero: true },
        axis: { format: ".0%" },
      },
      { field: "gate", order: short },
      true,
    ),
  };
  return [saturation, ...histograms];
}
