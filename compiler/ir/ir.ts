/** @file The typed IR. In: nothing. Out: graphs of plain readonly nodes. Never knows an op's meaning
 *  (`ops/`) nor a named architecture; sizes of time, batch and memory stay symbols to the end. */
import type { Span } from "../../grammar/span.ts";
import type { OpName } from "../ops/table.ts";

/** A feature extent: a number, or the name of a sequence (`"S"`) whose length is known at run time. */
export type Dim = number | string;

/**
 * The type of a value. `seq` names the sequence it varies over (one value per step), `batch` says
 * that each sample has its own, `shape` is what one equation sees. Laid out [seq][batch][...shape].
 * Ops act on `shape`; `seq` and `batch` are mapped over, as if written in a loop.
 * `index` values are tokens: whole numbers in [0, of).
 */
export interface Tensor {
  readonly seq: string | null;
  readonly batch: boolean;
  readonly shape: readonly Dim[];
  readonly dtype: "real" | "index";
}

export type NodeId = number;

/** Data a node carries beside its arguments; JSON, so that it prints and compares. */
export type Attr = number | string | boolean | readonly (number | string)[];
export type Attrs = Readonly<Record<string, Attr>>;

interface Base {
  readonly id: NodeId;
  readonly type: Tensor;
  readonly at: Span;
  /** The spec's own name for the value (`c`, `e.forward.i`), where it has one. */
  readonly name?: string;
}

/** A real number; type is the scalar {seq: null, batch: false, shape: []}. */
export interface Const extends Base {
  readonly kind: "const";
  readonly value: number;
}

/**
 * A value from outside the graph. In the main graph, `key` is the name the runtime stores it under:
 * `param:W_i`, `input:x`, `initial:h`, `given:h` (1 where the caller gave `initial:h`, else 0),
 * `upstream:y`, `upstream-final:h`, `target:labels`, `random:k` (keep-masks 0 or 1, see RandomSpec),
 * `hyper:lr`, `length:T` ([batch], real). In a scan's body, `key` is `arg`, and the scan binds it.
 */
export interface Leaf extends Base {
  readonly kind: "leaf";
  readonly key: string;
}

/** One op of the table applied to nodes before it. */
export interface Apply extends Base {
  readonly kind: "apply";
  readonly op: OpName;
  readonly args: readonly NodeId[];
  readonly attrs: Attrs;
}

/**
 * A loop over the steps of `over`, first to last or, `reverse`, last to first.
 *
 * Body leaves: carries (the value before this step), slices (this step's row of an outer sequence),
 * consts (outer values without `seq`). All body types have seq null.
 * Results, in this order (see Item): the carries after the last step; `collects` as sequences, row t
 * holding what step t computed; `sums`, added up over all steps.
 */
export interface Scan extends Base {
  readonly kind: "scan";
  readonly over: string;
  readonly reverse: boolean;
  readonly carries: readonly {
    readonly arg: NodeId;
    readonly init: NodeId;
    readonly next: NodeId;
  }[];
  readonly slices: readonly { readonly arg: NodeId; readonly of: NodeId }[];
  readonly consts: readonly { readonly arg: NodeId; readonly of: NodeId }[];
  readonly collects: readonly NodeId[];
  readonly sums: readonly NodeId[];
  /** `arg`, `next`, `collects`, `sums` are ids in the body; `init`, `of` are ids outside. */
  readonly body: Graph;
}

/** The index-th result of a scan: carries, then collects, then sums. */
export interface Item extends Base {
  readonly kind: "item";
  readonly of: NodeId;
  readonly index: number;
}

export type Node = Const | Leaf | Apply | Scan | Item;

/**
 * Nodes in an order where arguments come first; `nodes[i].id === i` in a graph that was just built
 * or rewritten. A body graph's outputs are empty: the scan names what it takes.
 */
export interface Graph {
  readonly nodes: readonly Node[];
  /** What the graph computes, by the key it is stored under: `output:y`, `final:h`, `grad:param:W`, `loss`, … */
  readonly outputs: readonly { readonly key: string; readonly id: NodeId }[];
}

export const SCALAR: Tensor = { seq: null, batch: false, shape: [], dtype: "real" };

export function real(shape: readonly Dim[], batch = false, seq: string | null = null): Tensor {
  return { seq, batch, shape, dtype: "real" };
}

export function sameType(a: Tensor, b: Tensor): boolean {
  if (a === b) return true;
  return (
    a.seq === b.seq && a.batch === b.batch && a.dtype === b.dtype && sameShape(a.shape, b.shape)
  );
}

function sameShape(a: readonly Dim[], b: readonly Dim[]): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Ids a node reads in its own graph. */
export function reads(node: Node): readonly NodeId[] {
  switch (node.kind) {
    case "const":
    case "leaf":
      return [];
    case "apply":
      return node.args;
    case "item":
      return [node.of];
    case "scan":
      return [
        ...node.carries.map((c) => c.init),
        ...node.slices.map((s) => s.of),
        ...node.consts.map((c) => c.of),
      ];
  }
}
