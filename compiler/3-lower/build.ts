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
