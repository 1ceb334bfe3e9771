/** @file Body nodes computed outside the loop. In: a node of a scan's body, its arguments outside. Out:
 *  the same op over all steps at once. Never decides what is lifted. */
import type { Builder } from "../ir/builder.ts";
import type { Apply, Node, NodeId } from "../ir/ir.ts";
import { flag, word } from "../ops/attrs.ts";
import { OPS } from "../ops/table.ts";

/** Ops that act on one step as they do on all: what is true of a row is true of every row. */
const BY_STEP: ReadonlySet<string> = new Set([
  "contract",
  "sum",
  "max",
  "min",
  "part",
  "row",
  "pad",
  "concat",
  "transpose",
  "expand",
  "gather",
  "onehot",
  "valid",
  "size",
]);

export function canLift(node: Node): node is Apply {
  return node.kind === "apply" && (OPS[node.op].form === "map" || BY_STEP.has(node.op));
}

/** `args` are outer nodes, with steps where they differ from step to step. */
export function lift(b: Builder, node: Apply, args: readonly NodeId[]): NodeId {
  const keeps = node.op === "contract" || node.op === "sum";
  const attrs = keeps ? { ...node.attrs, seq: true } : node.attrs;
  return b.within(node.at, node.name ?? null, () => b.apply(node.op, args, attrs));
}

/** Does it sum, or look through, many elements for one? An outer product does not. */
export function isReduction(node: Node): boolean {
  if (node.kind !== "apply") return false;
  switch (node.op) {
    case "contract": {
      const labels = word(node.attrs, "a") + word(node.attrs, "b");
      const kept = word(node.attrs, "y");
      return !flag(node.attrs, "batch") || [...labels].some((l) => !kept.includes(l));
    }
    case "sum":
    case "max":
    case "min":
    case "scatter":
      return true;
    default:
      return false;
  }
}

/** Elements of one step and sample, a sequence's axis counted as many. */
export function volume({ type }: Node): number {
  return type.shape.reduce((n: number, d) => n * (typeof d === "number" ? d : MANY), 1);
}
const MANY = 32;

/** Has it more elements than all it is made of, each made of a few? */
export function grows(node: Node, nodeOf: (id: NodeId) => Node): node is Apply {
  if (!canLift(node) || isReduction(node)) return false;
  return volume(node) > [...new Set(node.args)].reduce((sum, a) => sum + volume(nodeOf(a)), 0);
}

/** Only names elements of its arguments: no arithmetic. */
export function isRename(node: Node): boolean {
  return node.kind === "apply" && RENAMES.has(node.op);
}
const RENAMES: ReadonlySet<string> = new Set(["part", "row", "transpose", "expand"]);

/** Elementwise functions that cost as much as some ten multiplications. */
export function isTranscendental(node: Node): boolean {
  return node.kind === "apply" && OPS[node.op].form === "map" && !CHEAP.has(node.op);
}
const CHEAP: ReadonlySet<string> = new Set([
  "add",
  "sub",
  "mul",
  "div",
  "neg",
  "lt",
  "le",
  "gt",
  "ge",
  "eq",
  "ne",
  "where",
  "maximum",
  "minimum",
  "clamp",
  "sqrt",
  "abs",
  "sign",
  "relu",
  "leaky_relu",
  "softsign",
  "hard_sigmoid",
  "hard_tanh",
  "affine",
  "thresholded_relu",
  "stop_gradient",
]);
