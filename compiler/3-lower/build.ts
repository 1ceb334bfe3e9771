/** @file One graph under construction, and what the artifact says of it. In: what kind of graph is
 *  wanted. Out: the builder and the lists that lowering fills. Never reads syntax. */
import type {
  InputInfo,
  ParamInfo,
  RandomInfo,
  StateInfo,
} from "../../runtime/artifact/artifact.ts";
import type { Span } from "../../grammar/span.ts";
import type { Checked } from "../2-check/checked.ts";
import { type Builder, createBuilder } from "../ir/builder.ts";
import { type NodeId, real, type Tensor } from "../ir/ir.ts";
import type { Dims } from "./dims.ts";
import type { Places } from "./places.ts";

export interface Options {
  /** `training` draws dropout masks; `inference` uses their expectation. */
  readonly mode: "inference" | "training";
  /** Samples have lengths of their own, read from `length:SEQ`. */
  readonly masked: boolean;
  /** One step instead of the sequence; states are read from and written to `state:S`. */
  readonly streaming: boolean;
  /** Every slot of a state with lags has an initial and a final value of its own (`initial:S#2`). */
  readonly slots: boolean;
  /** Every named value of a step is put out as well, as a sequence: see `Build.taps`. */
  readonly taps: boolean;
}

/** A named value at every step, [seq][B][…shape], zero past each sample's length. */
export interface Tap {
  /** The spec's own name, with that of the layer in a model: `i`, `e.Mine.forward.i`. */
  readonly name: string;
  readonly role: "gate" | "let" | "state" | "output";
  /** The cell whose equation it is, and how it runs; null for a model's own values. */
  readonly layer: {
    readonly cell: string;
    readonly prefix: string;
    readonly reverse: boolean;
    readonly dims: Dims;
  } | null;
  readonly id: NodeId;
  /** The node of the scan's body that computes it; null outside cells. */
  readonly inBody: NodeId | null;
  readonly place: number;
}

export interface Build {
  readonly b: Builder;
  readonly checked: Checked;
  readonly options: Options;
  readonly places: Places;
  readonly params: ParamInfo[];
  readonly inputs: InputInfo[];
  readonly states: StateInfo[];
  readonly randoms: RandomInfo[];
  /** Keys to put out beside the entry's outputs: `final:S`, `state:S`. */
  readonly carried: { readonly key: string; readonly id: NodeId }[];
  /** With `Options.taps`: the equations of cells, and a model's values that are sequences. */
  readonly taps: Tap[];
  /** The states before the first step, for the `start` program. */
  readonly starts: { readonly key: string; readonly id: NodeId }[];
  /** A leaf of the main graph, one node a key. */
  leaf(key: string, type: Tensor): NodeId;
  /** The length of `seq` for each sample, or null where every sample has all steps. */
  length(seq: string): NodeId | null;
}

export function createBuild(checked: Checked, options: Options, places: Places): Build {
  const b = createBuilder();
  const leaves = new Map<string, NodeId>();
  const leaf = (key: string, type: Tensor): NodeId => {
    const known = leaves.get(key);
    if (known !== undefined) return known;
    const id = b.leaf(key, type);
    leaves.set(key, id);
    return id;
  };
  return {
    b,
    checked,
    options,
    places,
    params: [],
    inputs: [],
    states: [],
    randoms: [],
    carried: [],
    taps: [],
    starts: [],
    leaf,
    length: (seq) => (options.masked ? leaf(`length:${seq}`, real([], true)) : null),
  };
}

/** The entry cannot be streamed; `reason` says what in it needs the whole sequence. */
export class NotStreamable extends Error {
  override readonly name = "NotStreamable";
  readonly at: Span;
  constructor(reason: string, at: Span) {
    super(reason);
    this.at = at;
  }
}

/** Store name of a state's k-th slot (the value k steps back): `h`, `h#2`, … */
export function slotName(state: string, k: number): string {
  return k === 1 ? state : `${state}#${k}`;
}
