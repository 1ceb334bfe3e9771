/** @file What a program's inputs and outputs must be: the store names of `Programs` with their shapes.
 *  In: an artifact. Out: names → shape and dtype. The one place that says how store names are laid out. */
import type { Artifact, InputInfo, Programs } from "./artifact.ts";
import type { Extent } from "./kernel.ts";

export interface Slot {
  readonly shape: readonly Extent[];
  readonly dtype: "real" | "index";
}

export interface Signature {
  /** Every name that the program may read. */
  readonly inputs: ReadonlyMap<string, Slot>;
  /** Every name that the program must write; it writes no other. */
  readonly outputs: ReadonlyMap<string, Slot>;
  /** Prefixes of scalars that may be read besides: `hyper:`. */
  readonly scalars: readonly string[];
}

export function signature(artifact: Artifact, program: keyof Programs): Signature {
  const from = parts(artifact);
  switch (program) {
    case "forward":
    case "forwardMasked":
      return make([...from.given, ...from.lengths(program)], from.results);
    case "gradient":
    case "gradientMasked":
      return make(
        [...from.given, ...from.lengths(program), ...from.upstream],
        [...from.results, ...from.gradients],
      );
    case "step":
      return make(
        [...from.params, ...from.stepInputs, ...from.states],
        [...from.stepOutputs, ...from.states],
      );
    case "start":
      return make([...from.params, ...from.initial], from.states);
    case "loss":
    case "lossMasked":
      return make(
        [...from.givenSlots, ...from.lengths(program), ...from.targets],
        [LOSS, ...from.resultSlots],
      );
    case "train":
    case "trainMasked":
      return make(
        [...from.givenSlots, ...from.lengths(program), ...from.targets, ...from.randoms],
        [LOSS, ...from.finalSlots, ...from.paramGradients],
      );
    case "update":
      return {
        ...make(
          [...from.params, ...from.paramGradients, ...from.slots],
          [...from.params, ...from.slots, ["grad-norm", scalar]],
        ),
        scalars: ["hyper:"],
      };
  }
}

/** The sequences whose lengths a caller gives, in the order in which inputs name them. */
export function sequences(artifact: Artifact): readonly string[] {
  return sequencesOf(artifact.inputs);
}

/** Those of training: targets may have sequences of their own, such as the labels of a transcript. */
export function trainingSequences(artifact: Artifact): readonly string[] {
  return sequencesOf([...artifact.inputs, ...(artifact.train?.targets ?? [])]);
}

function sequencesOf(inputs: readonly InputInfo[]): readonly string[] {
  return [...new Set(inputs.flatMap((input) => (input.seq === null ? [] : [input.seq])))];
}

/** [seq][B][…shape], or [B][seq][…shape] for a memory. */
export function inputSlot(input: InputInfo): Slot {
  const { seq, shape, memory, of } = input;
  const outer = seq === null ? ["B"] : memory ? ["B", seq] : [seq, "B"];
  return { shape: [...outer, ...shape], dtype: of === null ? "real" : "index" };
}

type Entry = readonly [string, Slot];

const scalar: Slot = { shape: [], dtype: "real" };
const LOSS: Entry = ["loss", scalar];
const real = (...shape: readonly Extent[]): Slot => ({ shape, dtype: "real" });

function make(inputs: readonly Entry[], outputs: readonly Entry[]): Signature {
  return { inputs: new Map(inputs), outputs: new Map(outputs), scalars: [] };
}

function parts(artifact: Artifact) {
  const sequence = (seq: string | null): readonly Extent[] => (seq === null ? ["B"] : [seq, "B"]);
  const params = artifact.params.map((p): Entry => [`param:${p.name}`, real(...p.shape)]);
  const inputs = artifact.inputs.map((i): Entry => [`input:${i.name}`, inputSlot(i)]);
  const stepInputs = artifact.inputs.map(
    (i): Entry => [`input:${i.name}`, i.memory ? inputSlot(i) : inputSlot({ ...i, seq: null })],
  );
  const perSample = (prefix: string): readonly Entry[] =>
    artifact.states.map((s) => [`${prefix}:${s.name}`, real("B", ...s.shape)]);
  const values = (prefix: string): readonly Entry[] =>
    artifact.outputs.map((o) => [`${prefix}:${o.name}`, real(...sequence(o.seq), ...o.shape)]);
  const everySlot = (prefix: string): readonly Entry[] =>
    artifact.states.flatMap((s) =>
      stateSlots(s).map((slot): Entry => [`${prefix}:${slot}`, real("B", ...s.shape)]),
    );
  const flags = artifact.states
    .filter((s) => s.initial === null)
    .map((s): Entry => [`given:${s.name}`, scalar]);
  const initial: readonly Entry[] = [...perSample("initial"), ...flags];
  const paramGradients = params.map(([name, slot]): Entry => [`grad:${name}`, slot]);
  const finals = perSample("final");
  const finalSlots = everySlot("final");
  const lengthsOf = (of: readonly string[]): readonly Entry[] =>
    of.map((s) => [`length:${s}`, real("B")]);
  const optimizer = artifact.train?.optimizer.slots ?? [];
  return {
    params,
    initial,
    stepInputs,
    finalSlots,
    paramGradients,
    given: [...params, ...inputs, ...initial],
    givenSlots: [...params, ...inputs, ...everySlot("initial"), ...flags],
    lengths: (program: string): readonly Entry[] =>
      program === "lossMasked" || program === "trainMasked"
        ? lengthsOf(trainingSequences(artifact))
        : program.endsWith("Masked")
          ? lengthsOf(sequences(artifact))
          : [],
    results: [...values("output"), ...finals],
    resultSlots: [...values("output"), ...finalSlots],
    upstream: [...values("upstream"), ...perSample("upstream-final")],
    gradients: [
      ...paramGradients,
      ...inputs
        .filter(([, slot]) => slot.dtype === "real")
        .map(([name, slot]): Entry => [`grad:${name}`, slot]),
      ...perSample("grad:initial"),
    ],
    stepOutputs: artifact.outputs.map((o): Entry => [`output:${o.name}`, real("B", ...o.shape)]),
    states: everySlot("state"),
    targets: (artifact.train?.targets ?? []).map((t): Entry => [`target:${t.name}`, inputSlot(t)]),
    randoms: artifact.randoms.map(
      (r): Entry => [`random:${r.name}`, real(...sequence(r.seq), ...r.shape)],
    ),
    slots: optimizer.flatMap((slot) =>
      artifact.params.map((p): Entry => [`slot:${slot}:${p.name}`, real(...p.shape)]),
    ),
  };
}

/** The state's value `lag` steps back, in the store: `state:h`, `state:h#2`. */
export function stateSlot(state: string, lag: number): string {
  return `state:${slotName(state, lag)}`;
}

/** Names of all slots of a state with lags, one step back first: `h`, `h#2`, … */
export function stateSlots(state: {
  readonly name: string;
  readonly lags: number;
}): readonly string[] {
  return Array.from({ length: state.lags }, (_, k) => slotName(state.name, k + 1));
}

function slotName(state: string, lag: number): string {
  return lag === 1 ? state : `${state}#${lag}`;
}
