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
import { schedule } from "./6-schedule/schedule.ts";
import { type Graph, real } from "./ir/ir.ts";
import { verify } from "./ir/verify.ts";

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

/** The stages of a program, or null where the entry has none: no train block, not streamable. */
export function stagesOf(
  checked: Checked,
  entry: Entry,
  name: ProgramName,
  places: Places,
): Stages | null {
  const masked = name.endsWith("Masked");
  switch (name) {
    case "forward":
    case "forwardMasked":
      return forwardOnly(lowerAs(checked, entry, places, { masked }, false).graph, places);
    case "gradient":
    case "gradientMasked":
      return gradient(lowerAs(checked, entry, places, { masked }, false), places);
    case "step":
    case "start": {
      const lowered = streamed(checked, entry, places);
      return lowered === null
        ? null
        : forwardOnly(name === "step" ? lowered.graph : lowered.start, places);
    }
    case "loss":
    case "lossMasked":
      if (entry.train === null) return null;
      return forwardOnly(
        lowerAs(checked, entry, places, { masked, slots: true }, true).graph,
        places,
      );
    case "train":
    case "trainMasked":
      if (entry.train === null) return null;
      return training(
        lowerAs(checked, entry, places, { masked, slots: true, mode: "training" }, true),
        places,
      );
    case "update": {
      if (entry.train === null) return null;
      const { build } = lowerAs(checked, entry, places, {}, false);
      return forwardOnly(updateGraph(optimiserOf(entry.train), build.params), places);
    }
  }
}

/** Lowers with everything off that `options` does not name. */
export function lowerAs(
  checked: Checked,
  entry: Entry,
  places: Places,
  options: Partial<Options>,
  loss: boolean,
): Lowered {
  const all = {
    mode: "inference" as const,
    masked: false,
    streaming: false,
    slots: false,
    ...options,
  };
  return lower(checked, entry, all, places, loss);
}

/** Why the entry cannot be streamed, or null. */
export function streamFault(checked: Checked, entry: Entry, places: Places): NotStreamable | null {
  try {
    lowerAs(checked, entry, places, { streaming: true }, false);
    return null;
  } catch (e) {
    if (e instanceof NotStreamable) return e;
    throw e;
  }
}

function streamed(checked: Checked, entry: Entry, places: Places): Lowered | null {
  if (streamFault(checked, entry, places) !== null) return null;
  return lowerAs(checked, entry, places, { streaming: true }, false);
}

function forwardOnly(lowered: Graph, places: Places): Stages {
  const optimised = optimiseForward(verify(lowered, "lower"));
  return { lowered, differentiated: null, optimised, program: toProgram(optimised, places) };
}

/** Seeds on every output and final state; wanted: parameters, inputs, initial states. */
function gradient({ graph, build, outputs }: Lowered, places: Places): Stages {
  const finals = build.carried.map((c) => ({
    output: c.key,
    leaf: c.key.replace("final:", "upstream-final:"),
  }));
  const seeds: Seed[] = [
    ...outputs.map((o) => ({ output: `output:${o.name}`, leaf: `upstream:${o.name}` })),
    ...finals,
  ];
  const wanted: Wanted[] = [
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
  return differentiated(graph, seeds, wanted, () => true, places);
}

function training({ graph, build }: Lowered, places: Places): Stages {
  const kept = (key: string): boolean => !key.startsWith("output:");
  return differentiated(
    graph,
    [{ output: "loss", leaf: null }],
    wantedParams(build.params),
    kept,
    places,
  );
}

function wantedParams(params: Lowered["build"]["params"]): Wanted[] {
  return params.map((p) => ({ key: `param:${p.name}`, type: real(p.shape) }));
}

function differentiated(
  lowered: Graph,
  seeds: readonly Seed[],
  wanted: readonly Wanted[],
  kept: (key: string) => boolean,
  places: Places,
): Stages {
  const forward = optimiseForward(verify(lowered, "lower"));
  const whole = verify(differentiate(forward, seeds, wanted), "differentiate");
  const both = { ...whole, outputs: whole.outputs.filter((o) => kept(o.key)) };
  const optimised = optimiseBackward(both);
  return { lowered, differentiated: both, optimised, program: toProgram(optimised, places) };
}

function toProgram(graph: Graph, places: Places): Program {
  return schedule(graph, { placeOf: (span, name) => places.at(span, name) });
}
