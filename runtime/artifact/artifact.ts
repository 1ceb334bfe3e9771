/** @file The compiled model: versioned JSON, data only. In: nothing. Out: the type that the compiler
 *  writes and the runtime loads (`schema.ts` checks it, `load.ts` is the border). */
import type { Extent, Program } from "./kernel.ts";

export const FORMAT = "cellc-artifact";
export const VERSION = 1;

export interface Artifact {
  readonly format: typeof FORMAT;
  readonly version: typeof VERSION;
  readonly entry: {
    readonly name: string;
    readonly kind: "cell" | "model";
    readonly direction: "forward" | "backward";
  };
  /** Values of the entry's dims: { D: 5, H: 4 }. */
  readonly dims: Readonly<Record<string, number>>;
  /** SHA-256 (hex) of what weights depend on: entry, dims, parameters, equations; not the train block. */
  readonly hash: string;
  readonly params: readonly ParamInfo[];
  readonly inputs: readonly InputInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly states: readonly StateInfo[];
  readonly randoms: readonly RandomInfo[];
  readonly train: TrainInfo | null;
  readonly source: SourceInfo;
  readonly programs: Programs;
}

/**
 * Store names by program (see Program.inputs; `signature.ts` has them as data):
 * all:       in  param:P, input:X, length:SEQ (real [B]), initial:S, given:S (scalar 1 or 0; states whose
 *                initial value is computed), out output:Y, final:S
 * forward:   outputs and finals, inference mode (dropout off).
 * step:      one step of a streamable entry; in input:X ([B, …]), state:S; out output:Y, state:S.
 *            A state with lags has slots: state:S, state:S#2, … (value 2 steps back, …).
 * start:     the states before the first step; in param, initial, given; out state:S….
 * gradient:  forward, then the gradient of Σ upstream · value; in upstream:Y ([T,B,…] as output),
 *            upstream-final:S; out also grad:param:P, grad:input:X, grad:initial:S.
 * loss, train: every slot of a state with lags has an initial and a final value of its own, so that a
 *              chunk can go on where the one before it ended: initial:S, initial:S#2, final:S, final:S#2, …
 * loss:      in target:N; out loss (scalar), outputs, finals; inference mode.
 * train:     in target:N, random:K; out loss, finals, grad:param:P; training mode.
 * update:    in param:P, grad:param:P, slot:NAME:P, hyper:H (scalars); out param:P, slot:NAME:P, grad-norm.
 * An artifact compiled for inference has the programs forward, step and start alone, and no train block.
 * Programs ending in `Masked` read length:SEQ; their plain twins take every sample to have all steps.
 */
export interface Programs {
  readonly forward: Program;
  readonly forwardMasked: Program;
  readonly gradient: Program | null;
  readonly gradientMasked: Program | null;
  readonly step: Program | null;
  readonly start: Program | null;
  readonly loss: Program | null;
  readonly lossMasked: Program | null;
  readonly train: Program | null;
  readonly trainMasked: Program | null;
  readonly update: Program | null;
}

export interface ParamInfo {
  readonly name: string;
  readonly shape: readonly number[];
  readonly initialiser: InitialiserInfo;
  readonly place: number;
}

/** A closed vocabulary (`runtime/initialise.ts`): name and numeric arguments. */
export interface InitialiserInfo {
  readonly name: string;
  readonly args: Readonly<Record<string, number>>;
}

/** `seq` null: one vector a sample. `of`: number of classes for tokens, else null. `memory`: laid out [B][S][…]. */
export interface InputInfo {
  readonly name: string;
  readonly seq: string | null;
  readonly memory: boolean;
  readonly shape: readonly number[];
  readonly of: number | null;
  readonly place: number;
}

export interface ValueInfo {
  readonly name: string;
  readonly seq: string | null;
  readonly shape: readonly Extent[];
  readonly place: number;
}

/** `initial`: the number every element starts from, or null where a program computes it (learned). */
export interface StateInfo {
  readonly name: string;
  readonly shape: readonly number[];
  readonly lags: number;
  readonly initial: number | null;
  readonly place: number;
}

/** Keep-masks: 1 with probability `keep`, else 0; shape [seq?][B][…shape]. Drawn by the host. */
export interface RandomInfo {
  readonly name: string;
  readonly seq: string | null;
  readonly shape: readonly number[];
  readonly keep: number;
}

export interface TrainInfo {
  readonly targets: readonly InputInfo[];
  readonly loss: string;
  readonly optimizer: {
    readonly name: string;
    readonly hyper: Readonly<Record<string, number>>;
    readonly slots: readonly string[];
  };
  readonly clip: { readonly norm: number | null; readonly value: number | null };
  readonly truncate: number | null;
  readonly batch: number;
  readonly epochs: number;
  readonly seed: number;
  readonly schedule: {
    readonly name: string;
    readonly args: Readonly<Record<string, number>>;
  } | null;
  readonly patience: number | null;
}

/**
 * `places[i]`: the equation or declaration (`of`, e.g. "gate i") and its line in `files[file]`.
 * `reads`: by store name (`param:W`, `input:x`, `initial:h`), the places of the equations it enters by.
 */
export interface SourceInfo {
  readonly files: readonly { readonly path: string; readonly text: string }[];
  readonly places: readonly {
    readonly of: string;
    readonly file: number;
    readonly line: number;
    readonly column: number;
  }[];
  readonly reads: Readonly<Record<string, readonly number[]>>;
}
