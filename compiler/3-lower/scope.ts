/** @file What names mean where an expression stands. In: nothing. Out: the interface that cells, fns
 *  and models give to the lowering of expressions. */
import type { Expr } from "../../grammar/ast.ts";
import type { Span } from "../../grammar/span.ts";
import type { Builder } from "../ir/builder.ts";
import type { NodeId, Tensor } from "../ir/ir.ts";
import type { Build } from "./build.ts";
import type { Dims } from "./dims.ts";

export interface Scope {
  readonly build: Build;
  /** Where new nodes go: the main graph, or a scan's body. */
  readonly b: Builder;
  readonly dims: Dims;
  /** The value of a name at `[t - lag]`; lag null when none is written. */
  value(name: string, lag: number | null, span: Span): NodeId;
  /** A const's or dim's number, else null. */
  number(name: string): number | null;
  /** A keep-mask of `type`'s shape (1 with probability keep), new at every step or once a sequence. */
  random(type: Tensor, keep: number, per: "step" | "sequence"): NodeId;
  /** In models: lowers any expression (pipes, layers, members); null in cells and fns, which have none. */
  readonly flow: ((e: Expr) => NodeId) | null;
  /** A node of the main graph, as seen from here. */
  outer(id: NodeId): NodeId;
}
