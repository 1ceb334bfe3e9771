/** @file Moves what no state needs out of time loops, after them. In: verified graph. Out: the same
 *  outputs up to rounding: sums over steps of products become one sum over steps, samples and terms. */
import type { Graph, NodeId, Scan } from "../ir/ir.ts";
import type { Visit } from "../ir/rewrite.ts";
import { copyBody, type EditedScan, editScans, overSteps } from "./edit-scans.ts";
import { afterLoop } from "./sink-after.ts";
import { planOf } from "./sink-plan.ts";

/**
 * Weight gradients: dW = Σ_t dz_t h_{t-1}ᵀ, a sum that the loop adds up, is one product over all
 * steps and samples of the sequences dz and h. dz [T, B, G], h [T, B, H] → dW [G, H]. What is summed
 * stays in the loop where it is made of matrices: one for every step would have to be kept.
 * Sum order differs from the loop: f32 results agree to 1e-5 · Σ|terms|. Appleyard et al. 2016,
 * arXiv:1604.01946.
 *
 * Results: a value that a step gives out but no later step reads is computed for all steps at once
 * from what the loop gives out anyway, or, where it is a product, from what it is a product of.
 */
export function sink(graph: Graph): Graph {
  return editScans(graph, sunk);
}

function sunk(scan: Scan, { b, map }: Visit): EditedScan | null {
  const plan = planOf(scan);
  if (plan.sums.size === 0 && plan.collects.size === 0) return null;
  const copy = copyBody(scan, b);
  copy.rest();
  const stay = scan.collects.filter((_, i) => !plan.collects.has(i));
  const collects = [...new Set([...stay, ...plan.sources])];
  const id = b.scan({
    ...scan,
    carries: scan.carries.map((c) => ({
      arg: copy.at(c.arg),
      init: map(c.init),
      next: copy.at(c.next),
    })),
    slices: scan.slices.map((s) => ({ arg: copy.at(s.arg), of: map(s.of) })),
    consts: scan.consts.map((c) => ({ arg: copy.at(c.arg), of: map(c.of) })),
    collects: collects.map(copy.at),
    sums: scan.sums.map(copy.at),
    body: copy.body,
  });
  const first = scan.carries.length;
  const after = afterLoop(scan, b, map, plan, (node) => b.item(id, first + collects.indexOf(node)));
  const firstSum = first + scan.collects.length;
  const item = (index: number): NodeId => {
    if (index < first) return b.item(id, index);
    if (index < firstSum) {
      const node = scan.collects[index - first]!;
      return plan.collects.has(index - first)
        ? overSteps(b, after.rows(node), scan.over)
        : b.item(id, first + collects.indexOf(node));
    }
    const i = index - firstSum;
    return plan.sums.has(i) ? after.total(scan.sums[i]!) : b.item(id, first + collects.length + i);
  };
  return { id, item };
}
