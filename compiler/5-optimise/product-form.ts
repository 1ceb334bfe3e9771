/** @file Products in one spelling. In: a contract node. Out: its operands in order, its labels renamed
 *  by first appearance. Never changes what is summed. */
import type { Apply, NodeId } from "../ir/ir.ts";
import { flag, word } from "../ops/attrs.ts";

export interface ProductForm {
  readonly args: readonly [NodeId, NodeId];
  readonly a: string;
  readonly b: string;
  readonly y: string;
  readonly seq: boolean;
  readonly batch: boolean;
}

/** Operands by id, or with `first` in front; labels a, b, c, … as they come. Equal products are equal. */
export function productForm(node: Apply, first: 0 | 1 | null = null): ProductForm {
  const [x, y] = node.args as readonly [NodeId, NodeId];
  const [p, q] = [word(node.attrs, "a"), word(node.attrs, "b")];
  const swap = first === null ? x > y : first === 1;
  const [a, b] = swap ? [q, p] : [p, q];
  const order = [...new Set(a + b)];
  const rename = (labels: string) =>
    [...labels].map((l) => String.fromCharCode(97 + order.indexOf(l))).join("");
  return {
    args: swap ? [y, x] : [x, y],
    a: rename(a),
    b: rename(b),
    y: rename(word(node.attrs, "y")),
    seq: flag(node.attrs, "seq"),
    batch: flag(node.attrs, "batch"),
  };
}
