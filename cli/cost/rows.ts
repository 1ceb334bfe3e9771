/** @file A cost as tables. In: a report. Out: rows of text, the head first. Numbers are the report's. */
import type { CostReport, Figure } from "../../compiler/cost/report.ts";
import { short } from "../render.ts";
import type { Measured } from "./measure.ts";

type Rows = readonly (readonly string[])[];

/** What is counted, its formula, its value. */
export function costRows(report: CostReport): Rows {
  const { step, forward, training, memory, depth } = report;
  const row = (what: string, figure: Figure, unit = ""): readonly string[] => [
    what,
    figure.formula ?? "–",
    `${short(figure.value)}${unit}`,
  ];
  const streaming =
    step === null || memory.stream === null
      ? []
      : [
          row("step of a stream, FLOP", step.flops),
          row("  of them in products", step.products),
          row("step of a stream, bytes moved", step.bytes),
          row("stream, memory", memory.stream.total, "B"),
          row("  of it kept from step to step", memory.stream.state, "B"),
        ];
  return [
    ["", "formula", "value"],
    row("parameters", report.parameters.total),
    row("  as float32", memory.weights, "B"),
    ...streaming,
    row("forward pass, FLOP", forward.flops),
    row("forward pass, bytes moved", forward.bytes),
    row("with gradient, FLOP", training.flops),
    row("with gradient, bytes moved", training.bytes),
    row("sequential depth, kernels", depth.kernels),
    row("sequential depth, operations", depth.operations),
  ];
}

/** Memory of a gradient, by strategy. */
export function memoryRows({ memory: { training }, sizes }: CostReport): Rows {
  const { truncated, checkpointed } = training;
  const row = (what: string, { formula, value }: Figure): readonly string[] => [
    what,
    formula ?? "–",
    `${short(value)}B`,
  ];
  return [
    ["memory of a gradient", "formula", "value"],
    row(`all ${sizes.T ?? ""} steps at once`.replace("  ", " "), training.whole),
    row(`truncated to K = ${truncated.steps}`, truncated),
    ...(checkpointed === null
      ? []
      : [row(`a checkpoint every ${checkpointed.every} steps`, checkpointed)]),
  ];
}

/** The cell beside self-attention of its widths. */
export function attentionRows(attention: NonNullable<CostReport["attention"]>): Rows {
  return [
    ["", "recurrent", "self-attention", "needs less"],
    ...attention.rows.map((r) => [
      r.what,
      figure(r.recurrent),
      figure(r.attention),
      winner(r.recurrentFrom, r.attentionFrom),
    ]),
  ];
}

function figure({ formula, value }: Figure): string {
  return formula === null || formula === String(value)
    ? short(value)
    : `${formula} = ${short(value)}`;
}

/** In words: from which length on which one needs no more than the other. */
function winner(recurrent: number | null, attention: number | null): string {
  if (recurrent !== null && attention !== null) return "the same";
  if (recurrent !== null) return recurrent <= 1 ? "recurrent" : `recurrent from T = ${recurrent}`;
  return attention === null || attention <= 1
    ? "self-attention"
    : `self-attention from T = ${attention}`;
}

/** Predicted beside measured. */
export function measuredRows({ measured }: Measured): Rows {
  return [
    [
      "measured",
      "steps",
      "ms",
      "FLOP",
      "GFLOP/s",
      "bytes predicted",
      "bytes taken",
      "taken / predicted",
    ],
    ...measured.map((m) => [
      m.what,
      String(m.steps),
      m.milliseconds.toPrecision(3),
      short(m.predictedFlops),
      m.gigaflops.toPrecision(3),
      short(m.predictedBytes),
      m.bytes === null ? "–" : short(m.bytes),
      m.bytes === null ? "–" : (m.bytes / m.predictedBytes).toFixed(2),
    ]),
  ];
}
