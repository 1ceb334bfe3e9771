/** @file Every program of an artifact, stage by stage. In: a checked entry. Out: the graphs it passes
 *  through and the schedule they end in. The one place that knows which program is made of what. */
import type { Programs } from "../runtime/artifact/artifact.ts";
import type { Program } from "../runtime/artifact/kernel.ts";
import type { Checked } from "./2-check/checked.ts";
import { NotStreamable, type Options } from "./3-lower/build.ts";
import { type Entry, type Lowered, lower } from "./3-lower/lower.ts";
import type { Places } from "./3-lower/places.ts";
import { optimiserOf, updateGraph } from "./3-lower/train.ts";
import { differentiate, type Seed, type Wanted } from "./4-differentiate/differentiate.ts";
import { optimiseBackward, optimiseForward } from "./5-optimise/passes.ts";
import type { Choices } from "./6-schedule/choices.ts";
import { schedule } from "./6-schedule/schedule.ts";
import { type Graph, real } from "./ir/ir.ts";

export type ProgramName = keyof Programs;

/** What `cellc dump` shows of one program. `differentiated` is null where nothing is differentiated. */
export interface Stages {
  readonly lowered: Graph;
  readonly differentiated: Graph | null;
  readonly optimised: Graph;
  readonly program: Program;
}

export const PROGRAM_NAMES = [
  "forward",
  "forwardMasked",
  "gradient",
  "gradientMasked",
  "step",
  "start",
  "loss",
  "lossMasked",
  "train",
  "trainMasked",
  "update",
] as const satisfies readonly ProgramName[];

/** What runs a model whose weights are there. */
export const INFERENCE_PROGRAMS: ReadonlySet<ProgramName> = new Set([
  "forward",
  "forwardMasked",
  "step",
  "start",
]);

/** The stages of an entry's programs; what several have in common is made once. */
export interface Stager {
  /** Null where the entry has no such program: no train block, not streamable. */
  stages(name: ProgramName): Stages | null;
  /** Lowered with everything off that `options` does not name; with `loss`, the train block's too. */
  lowered(options: Partial<Options>, loss: boolean): Lowered;
  /** A lowered graph without its gradient. */
  forward(graph: Graph): Stages;
  /** Why the entry cannot be streamed, or null. */
  streamFault(): NotStreamable | null;
}

export function createStager(checked: Checked, entry: Entry, places: Places): Stager {
  const known = new Map<string, Lowered>();
  const lowerAs: Stager["lowered"] = (given, loss) => {
    const options = { ...INFERENCE, ...given };
    const key = JSON.stringify([options, loss]);
    const there = known.get(key);
    if (there !== undefined) return there;
    const made = lower(checked, entry, options, places, loss);
    // Training without anything random is inference: one graph, optimised once.
    const isInference = options.mode === "training" && made.build.randoms.length === 0;
    const kept = isInference ? lowerAs({ ...given, mode: "inference" }, loss) : made;
    known.set(key, kept);
    return kept;
  };
  const streamed = (): Lowered | NotStreamable => {
    try {
      return lowerAs({ streaming: true }, false);
    } catch (e) {
      if (e instanceof NotStreamable) return e;
      throw e;
    }
  };
  const optimised = once(optimiseForward);
  const choices: Choices = new Map();
  const program = (graph: Graph): Program =>
    schedule(graph, { placeOf: (span, name) => places.at(span, name), choices });
  const forwardOnly = (graph: Graph): Stages => {
    const forward = optimised(graph);
    return {
      lowered: graph,
      differentiated: null,
      optimised: forward,
      program: program(forward),
    };
  };
  const backward = (graph: Graph, wanted: Gradients): Stages => {
    const whole = differentiate(optimised(graph), wanted.seeds, wanted.leaves);
    const both = { ...whole, outputs: whole.outputs.filter((o) => wanted.kept(o.key)) };
    const after = optimiseBackward(both);
    return { lowered: graph, differentiated: both, optimised: after, program: program(after) };
  };
  const stages = (name: ProgramName): Stages | null => {
    const masked = name.endsWith("Masked");
    switch (name) {
      case "forward":
      case "forwardMasked":
        return forwardOnly(lowerAs({ masked }, false).graph);
      case "gradient":
      case "gradientMasked": {
        const it = lowerAs({ masked }, false);
        return backward(it.graph, ofOutputs(it));
      }
      case "step":
      case "start": {
        const it = streamed();
        if (it instanceof NotStreamable) return null;
        return forwardOnly(name === "step" ? it.graph : it.start);
      }
      case "loss":
      case "lossMasked":
        if (entry.train === null) return null;
        return forwardOnly(lowerAs({ masked, slots: true }, true).graph);
      case "train":
      case "trainMasked": {
        if (entry.train === null) return null;
        const it = lowerAs({ masked, slots: true, mode: "training" }, true);
        return backward(it.graph, ofLoss(it));
      }
      case "update": {
        if (entry.train === null) return null;
        const { build } = lowerAs({}, false);
        return forwardOnly(updateGraph(optimiserOf(entry.train), build.params));
      }
    }
  };
  const streamFault = (): NotStreamable | null => {
    const it = streamed();
    return it instanceof NotStreamable ? it : null;
  };
  return { stages, lowered: lowerAs, forward: forwardOnly, streamFault };
}

const INFERENCE: Options = {
  mode: "inference",
  masked: false,
  streaming: false,
  slots: false,
  taps: false,
};

/** `f`, its results kept by what they were made of. */
function once<A, R>(f: (a: A) => R): (a: A) => R {
  const known = new Map<A, R>();
  return (a) => {
    const there = known.get(a) ?? f(a);
    known.set(a, there);
    return there;
  };
}

/** What a program differentiates: where gradients enter, of what they are wanted, what is put out. */
interface Gradients {
  readonly seeds: readonly Seed[];
  readonly leaves: readonly Wanted[];
  readonly kept: (key: string) => boolean;
}

/** Seeds on every output and final state; wanted: parameters, inputs, initial states. */
function ofOutputs({ build, outputs }: Lowered): Gradients {
  const finals = build.carried.map((c) => ({
    output: c.key,
    leaf: c.key.replace("final:", "upstream-final:"),
  }));
  const seeds: Seed[] = [
    ...outputs.map((o) => ({ output: `output:${o.name}`, leaf: `upstream:${o.name}` })),
    ...finals,
  ];
  const leaves: Wanted[] = [
    ...wantedParams(build.params),
    ...build.inputs.flatMap((i) =>
      i.of === null
        ? [
            {
              key: `input:${i.name}`,
              type: real(
                i.memory && i.seq !== null ? [i.seq, ...i.shape] : i.shape,
                true,
                i.memory ? null : i.seq,
              ),
            },
          ]
        : [],
    ),
    ...build.states.map((s) => ({ key: `initial:${s.name}`, type: real(s.shape, true) })),
  ];
  return { seeds, leaves, kept: () => true };
}

function ofLoss({ build }: Lowered): Gradients {
  return {
    seeds: [{ output: "loss", leaf: null }],
    leaves: wantedParams(build.params),
    kept: (key) => !key.startsWith("output:"),
  };
}

function wantedParams(params: Lowered["build"]["params"]): Wanted[] {
  return params.map((p) => ({ key: `param:${p.name}`, type: real(p.shape) }));
}
