/** @file Histograms of the gates of a model in training. In: an artifact, its data; then a session with weights.
 *  Out: what a run records. Computes in a session of its own, so that nothing of the run changes. */
import { traced } from "../../compiler/trace.ts";
import type { Artifact } from "../../runtime/artifact/artifact.ts";
import { elements, shapeOf } from "../../runtime/artifact/extent.ts";
import type { Dataset } from "../../runtime/data/dataset.ts";
import type { Session } from "../../runtime/devices/device.ts";
import { DEVICES } from "../../runtime/devices/table.ts";
import type { GateHistogram } from "../../runtime/train/sink.ts";
import { boundBatch, firstBatch } from "../trace/input.ts";
import { statsOf } from "../trace/stats.ts";

export interface GateProbe {
  /** By the gate's name, with the weights that the session has now. */
  histograms(session: Session): Promise<Readonly<Record<string, GateHistogram>>>;
  close(): void;
}

/** The first sequences of the training split, and their first steps: enough to see a gate, cheap to run. */
const SAMPLES = 4;
const STEPS = 128;
/** As `cellc trace` has it: within this share of the range of an end of it. */
const TOLERANCE = 0.05;

/** Null where the spec names no gate, there is nothing to train on, or the source is not that of the equations. */
export async function openGates(artifact: Artifact, dataset: Dataset): Promise<GateProbe | null> {
  const made = traced(artifact);
  const gates = made?.values.filter((v) => v.role === "gate") ?? [];
  if (made === null || gates.length === 0) return null;
  if (dataset.evaluationPlan("train", { batch: 1, carry: null }).length === 0) return null;
  const own = await (await quickest()).open(made.artifact);
  const { sizes, tensors, masked } = boundBatch(
    artifact,
    firstBatch(dataset, "train", SAMPLES, STEPS),
  );
  for (const [name, { data, shape, samplesFirst }] of tensors)
    own.write(name, data, shape, samplesFirst);
  return {
    close: () => own.close(),
    histograms: async (session) => {
      for (const { name, shape } of artifact.params)
        own.write(`param:${name}`, await session.read(`param:${name}`), shape);
      await own.run(masked ? "forwardMasked" : "forward", sizes);
      const found: Record<string, GateHistogram> = {};
      for (const { name, seq, shape } of gates) {
        const extents = shapeOf([seq, "B", ...shape], sizes);
        const data = await own.read(`trace:${name}`, true);
        const lengths = masked ? (tensors.get(`length:${seq}`)?.data ?? null) : null;
        found[name] = histogramOf({
          data,
          samples: sizes.B!,
          steps: sizes[seq]!,
          units: elements(extents.slice(2)),
          lengths: lengths === null ? null : Array.from(lengths),
        });
      }
      return found;
    },
  };
}

/** A device that opens at once and needs no graphics processor, which may be the run's. */
async function quickest() {
  const wasm = await DEVICES.wasm();
  return (await wasm.available()).ok ? wasm : DEVICES.reference();
}

function histogramOf(numbers: Parameters<typeof statsOf>[0]): GateHistogram {
  const { histogram, mean, saturation } = statsOf(numbers, [0, 1], true, TOLERANCE);
  const { edges, counts } = histogram;
  const total = counts.reduce((sum, n) => sum + n, 0);
  return {
    from: edges[0]!,
    to: edges.at(-1)!,
    shares: counts.map((n) => (total === 0 ? 0 : n / total)),
    mean,
    low: saturation?.low ?? 0,
    high: saturation?.high ?? 0,
  };
}
