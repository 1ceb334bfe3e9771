/** @file Sequences that a loop runs on. In: an artifact, a seed or data. Out: values of all that its programs read
 *  beside parameters, and sizes. Noise is the same for the same seed. */
import type { Artifact, InputInfo } from "../../runtime/artifact/artifact.ts";
import { signature } from "../../runtime/artifact/signature.ts";
import type { Dataset } from "../../runtime/data/dataset.ts";
import type { SplitName } from "../../runtime/data/split.ts";
import type { Sizes } from "../../runtime/devices/device.ts";
import { random } from "../../runtime/random.ts";
import { Failure } from "../fail.ts";
import type { Values } from "./session.ts";

export interface Sample {
  readonly values: Values;
  readonly sizes: Sizes;
}

/** Positions of a memory, and of every other sequence that the loop does not run over. */
const MEMORY = 16;

/** Inputs and targets: standard normal numbers, tokens uniform over their classes. One sample of `steps` steps. */
export function noise(artifact: Artifact, over: string, steps: number, seed: number): Sample {
  const infos = [...artifact.inputs, ...(artifact.train?.targets ?? [])];
  const symbols = infos.flatMap((i) => (i.seq === null ? [] : [i.seq]));
  const sizes = Object.fromEntries(symbols.map((s) => [s, s === over ? steps : MEMORY]));
  const drawn = (kind: string, info: InputInfo) =>
    [`${kind}:${info.name}`, drawnOf(kind, info, { ...sizes, T: sizes.T ?? steps }, seed)] as const;
  const values = new Map([
    ...artifact.inputs.map((i) => drawn("input", i)),
    ...(artifact.train?.targets ?? []).map((t) => drawn("target", t)),
    ...starts(artifact),
  ]);
  return { values, sizes: { ...sizes, [over]: steps } };
}

function drawnOf(kind: string, info: InputInfo, sizes: Sizes, seed: number) {
  const { seq, memory, shape: own, of } = info;
  const outer = seq === null ? [1] : memory ? [1, sizes[seq]!] : [sizes[seq]!, 1];
  const shape = [...outer, ...own];
  const { normal, uniform } = random(seed, `${kind}:${info.name}`);
  const draw = of === null ? normal : () => Math.floor(uniform() * of);
  const length = shape.reduce((n, d) => n * d, 1);
  return { data: Float64Array.from({ length }, draw), shape };
}

/** States as the runtime starts them: every slot of every state, nothing from a caller. */
function starts(artifact: Artifact) {
  const names = [...signature(artifact, "loss").inputs].filter(([n]) =>
    /^(initial|given):/.test(n),
  );
  return names.map(([name, slot]) => {
    const state = artifact.states.find((s) => `initial:${s.name}` === name.replace(/#\d+$/, ""));
    const shape = slot.shape.map((d) => (typeof d === "number" ? d : 1));
    const length = shape.reduce((n, d) => n * d, 1);
    return [name, { data: new Float64Array(length).fill(state?.initial ?? 0), shape }] as const;
  });
}

/** A sample of a split, its last `steps` steps at most; which one depends on the seed. */
export function sampleOf(
  artifact: Artifact,
  dataset: Dataset,
  split: SplitName,
  over: string,
  steps: number,
  seed: number,
): Sample {
  const carry = dataset.carries ? ({ context: "all", chunk: steps } as const) : null;
  const chunks = dataset.evaluationPlan(split, { batch: 1, carry });
  const longest = chunks.map((c) => Math.min(steps, c.steps)).reduce((a, b) => Math.max(a, b), 0);
  const usable = chunks.filter((c) => Math.min(steps, c.steps) === longest);
  const chunk = usable[Math.floor(random(seed, "sample").uniform() * usable.length)];
  if (chunk === undefined) throw new Failure(`error: the ${split} split is empty`, 1);
  const batch = dataset.batch(chunk);
  const { B: _, ...sizes } = batch.sizes;
  if ((sizes[over] ?? 0) > steps)
    throw new Failure(
      `error: the samples have ${sizes[over]} steps: give --lags ${sizes[over]} or more`,
      1,
    );
  const named = (
    kind: string,
    from: ReadonlyMap<string, { data: Float64Array; shape: readonly number[] }>,
  ) => [...from].map(([name, tensor]) => [`${kind}:${name}`, tensor] as const);
  const values = new Map([
    ...named("input", batch.inputs),
    ...named("target", batch.targets),
    ...starts(artifact),
  ]);
  return { values, sizes };
}
